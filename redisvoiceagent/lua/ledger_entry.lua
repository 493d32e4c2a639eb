-- What all scripts share; it is put before each of them.
--
-- An entry is a hash: entry (as JSON), fingerprint, state and creator (the token of the Begin that
-- stored it). While somebody is at work on it there is also holder (a token) and until (when the
-- lease ends, in milliseconds of Redis's clock). doubt is there when another than the holder
-- doesn't know if its own request was done.
--
-- A twin is a set of the entries whose holders wait for an answer, of requests that are equal.
-- Entries whose lease is over stay in it: a holder that was cut off may come back.

local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

-- read returns the entry, or nil, and true if what stands there is no entry. It raises what is no
-- answer, as a key that has moved to another node of a cluster isn't gone.
local function read(key)
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'hash' then
    return nil, kind ~= 'none'
  end
  local f = redis.call('HMGET', key, 'entry', 'fingerprint', 'state', 'holder', 'until', 'creator', 'doubt')
  if not (f[1] and f[2] and f[3]) then
    return nil, true
  end
  local e = {entry = f[1], fingerprint = f[2], state = f[3], holder = f[4], ends = tonumber(f[5]) or 0, creator = f[6], doubt = f[7]}
  e.busy = e.holder and e.ends > now()
  return e, false
end

-- hold gives an entry to a holder, or prolongs its lease.
local function hold(key, token, lease)
  redis.call('HSET', key, 'holder', token, 'until', string.format('%.0f', now() + tonumber(lease)))
end

-- wait puts an entry into its twin's set. A set that nothing was put into for a day goes by itself.
local function wait(twin, key)
  redis.call('SADD', twin, key)
  redis.call('EXPIRE', twin, 86400)
end

local function reply(code, e)
  return {code, e.entry, e.fingerprint, e.state}
end
