-- KEYS: the event. ARGV: the token and the lease in ms. The answer is 1 if the claim is still the token's.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
