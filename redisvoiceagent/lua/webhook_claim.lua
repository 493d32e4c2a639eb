-- KEYS: the event. ARGV: the token and the lease in ms.

local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then -- its own: the answer was lost, and the claim was sent again
  return held == 'done' and 'done' or 'claimed'
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 'yours'
