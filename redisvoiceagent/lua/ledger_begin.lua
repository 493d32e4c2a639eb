-- KEYS: the entry, and the set of its twin. ARGV: the token, the fingerprint, the state, the entry,
-- the lease in ms, and 1 if this process is at work on the key, which is then only looked at.

local key, twin, token, fingerprint, state, entry, lease, look = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6] == '1'

local e, foreign = read(key)
if foreign then
  return {'foreign', key}
end
if not e then
  if look then
    return {'busy'}
  end
  wait(twin, key)
  redis.call('HSET', key, 'entry', entry, 'fingerprint', fingerprint, 'state', state, 'creator', token)
  hold(key, token, lease)
  return {'new'}
end
if e.fingerprint ~= fingerprint then
  return reply('mismatch', e)
end
if e.state == 'done' then
  return reply('found', e)
end
if e.holder == token then -- the answer to the same Begin was lost, and it was sent again
  hold(key, token, lease)
  if e.creator == token then
    return {'new'}
  end
  return reply('held', e)
end
if look or e.busy then
  return reply('busy', e)
end
redis.call('SREM', twin, key) -- the new holder looks; the answer that the last one waited for is lost
hold(key, token, lease)
redis.call('HDEL', key, 'doubt') -- the new holder sees it in the state
return reply('held', e)
