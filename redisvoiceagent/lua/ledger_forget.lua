-- KEYS: the entry, and the set of its twin if that is known. ARGV: the token; '' for one who
-- doesn't hold the key.

local key, twin, token = KEYS[1], KEYS[2], ARGV[1]

local e, foreign = read(key)
if foreign then
  return {'foreign', key}
end
if not e then
  return {'ok'}
end
if token == '' then
  if e.busy then
    return {'busy'}
  end
elseif e.holder ~= token then
  return {'ok'} -- somebody else's by now
end
if twin then
  redis.pcall('SREM', twin, key)
end
if token ~= '' and e.doubt then
  redis.call('HDEL', key, 'holder', 'until', 'doubt')
  return {'ok'}
end
redis.call('DEL', key)
return {'ok'}
