-- KEYS: events. ARGV: the lease in ms, then the token of each. The answer has 1 for each that is
-- claimed by its token, and 0 for the others.

local claimed = {}
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[i + 1] then
    claimed[i] = redis.call('PEXPIRE', key, ARGV[1])
  else
    claimed[i] = 0
  end
end
return claimed
