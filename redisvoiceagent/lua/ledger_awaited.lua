-- KEYS: the set of a twin, the entry that doesn't count, and what the set is believed to hold. A
-- cluster runs a script only where all its keys are, while a slot moves from node to node, if it
-- is given them all. So the answer is the set if it holds more.

local twin, own = KEYS[1], KEYS[2]

local given = {}
for _, key in ipairs(KEYS) do
  given[key] = true
end
local waiting = redis.call('SMEMBERS', twin)
for _, key in ipairs(waiting) do
  if not given[key] then
    table.insert(waiting, 1, 'more')
    return waiting
  end
end
for _, key in ipairs(waiting) do
  if key ~= own then
    local e = read(key)
    if e and e.busy then
      return {'waits'}
    end
    if not (e and e.holder) then -- it has ended, and whoever ended it didn't know the twin
      redis.call('SREM', twin, key)
    end
  end
end
return {'ok'}
