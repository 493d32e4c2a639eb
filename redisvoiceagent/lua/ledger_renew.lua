-- KEYS: entries. ARGV: the lease in ms, then the token of each. The answer has 1 for each that is
-- held by its token, and 0 for the others.

local held = {}
for i, key in ipairs(KEYS) do
  local e = read(key)
  if e and e.holder == ARGV[i + 1] then
    hold(key, e.holder, ARGV[1])
    held[i] = 1
  else
    held[i] = 0
  end
end
return held
