-- KEYS: the entry, the set of its twin, then the owners of its ids. ARGV: the token, the
-- idempotency key, the fingerprint, the state, the entry, and how long it is kept once it is done,
-- in ms; 0 is for ever.

local key, twin, token, name, fingerprint, state, entry, keep = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])

-- Everything is read before anything is written: a script that fails half-way isn't undone.
local known = false
for i = 3, #KEYS do
  local owner = redis.pcall('GET', KEYS[i])
  if type(owner) == 'table' then
    return {'foreign', KEYS[i]}
  end
  if owner and owner ~= name then
    return {'taken'}
  end
  known = known or owner == name
end
local e, foreign = read(key)
if foreign then
  return {'foreign', key}
end

if e and e.holder ~= token then
  if e.fingerprint ~= fingerprint then
    return {'mismatch'}
  end
  if e.state == 'done' then
    if state ~= 'done' then
      return {'ok'} -- what was made is the truth
    end
    if #KEYS > 2 and not known then
      return {'other', e.entry}
    end
  elseif state ~= 'done' and e.holder then
    if state == 'unknown' then -- the holder goes on, but must not forget that another's request may have been done
      redis.call('HSET', key, 'entry', entry, 'state', state, 'doubt', '1')
    end
    return {'ok'}
  end
end

-- It also begins with a DEL so that the rest is written even if Redis is out of memory, which it
-- then no longer asks.
redis.call('DEL', key)
redis.pcall('SREM', twin, key)
redis.call('HSET', key, 'entry', entry, 'fingerprint', fingerprint, 'state', state)
for i = 3, #KEYS do
  redis.call('SET', KEYS[i], name)
end
if state == 'done' and keep > 0 then
  redis.call('PEXPIRE', key, keep)
  for i = 3, #KEYS do
    redis.call('PEXPIRE', KEYS[i], keep)
  end
end
return {'ok'}
