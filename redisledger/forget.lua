-- KEYS: the entry. ARGV: the token; '' for one who doesn't hold the key.

local key, token = KEYS[1], ARGV[1]

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
elseif e.doubt then
  redis.call('HDEL', key, 'holder', 'until', 'doubt')
  return {'ok'}
end
redis.call('DEL', key)
return {'ok'}
