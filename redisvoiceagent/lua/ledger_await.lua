-- KEYS: the entry, and the set of its twin. ARGV: the token, the lease in ms, and 1 if the token
-- waits for an answer.

local key, twin, token, lease, waits = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3] == '1'

local e = read(key)
if not e or e.holder ~= token then
  return {'lost'}
end
hold(key, token, lease)
if waits then
  wait(twin, key)
else
  redis.call('SREM', twin, key)
end
return {'ok'}
