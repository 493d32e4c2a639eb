-- One step of one process. KEYS[1] holds the budget of an API key, ARGV[1] is what the process reports and wants, as a JSON array: the fields of
-- report in step.go, in their order, true and false as 1 and 0.
--
-- The rules are those of the limiter in one process (limiter.go in the package voiceagent), for all processes together. Times are this
-- server's, in milliseconds; a process sends durations, as its clock may be wrong. It sends totals, not differences, so that a lost answer
-- or a restart of this server is mended by its next step.

local GUARD = 1000 -- what a reset that is cut to the second may hide
local SAME = 1000 -- resets this near are of the same window
local LONGEST = 120000 -- an absurd reset doesn't silence the fleet for longer
local PROBE = 2000 -- how long the first attempt after a park keeps the others waiting
local LEASE = 3000 -- a process that was silent for so long is dead; one that waits or has attempts in flight steps each second
local KEEP = 60000 -- this is forgotten so long after the last step, or the end of the window
local UNLIMITED = 2147483647

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local p, k = {}, {}
p.id, p.seq, p.n, p.want, p.guess, p.returned, p.released, p.lost, p.bare, p.park,
  k.window, k.reset_in, k.limit, k.remaining, k.opener = unpack(cjson.decode(ARGV[1]))
if not k.window then k = nil end -- no answer had a budget
local stored = redis.call('GET', KEYS[1])
local s = stored and cjson.decode(stored)
  or { window = 0, reset = 0, began = 0, limit = 0, parked = 0, over = false, opened = false, procs = {} }
-- s.allowed is how many may be in flight: the lowest Remaining of the window. Without it the process's guess counts.
-- Of a process: n attempts in flight, w waiting, u sent in this window, seq its last step, seen when that was.

local function in_flight()
  local sum = 0
  for _, q in pairs(s.procs) do sum = sum + q.n end
  return sum
end

local function allowed() return s.allowed or p.guess end

-- ends is when the window is surely over. Only the answer that opened it tells the reset exactly.
local function ends() return s.opened and s.reset or s.reset + GUARD end

local function park(to) s.parked = math.max(s.parked, math.min(to, now + LONGEST)) end

local function begin_count()
  for _, q in pairs(s.procs) do q.u = 0 end
end

-- forget ends the window and goes back to guessing.
local function forget()
  s.allowed, s.over = nil, true
  begin_count()
end

-- lose counts attempts that may have been counted by the API, and whose answers nobody has.
local function lose(n)
  if n == 0 or s.window == 0 or not s.allowed then return end
  s.allowed = math.max(0, s.allowed - n)
  if s.allowed == 0 then park(ends()) end
end

-- observe takes the budget that an answer reported. Within a window only the lowest counts, and those of an older one don't. The answer to
-- the only attempt in flight is the newest there is.
local function observe(k, newest, new)
  if newest or new then
    s.window, s.reset, s.began, s.limit = k.window, k.reset, now, k.limit
    s.allowed, s.opened, s.over = k.remaining, k.opener, false
    begin_count()
    if newest then s.parked = 0 end
  elseif s.over or k.window < s.window - SAME then
    return
  else
    s.allowed = math.min(allowed(), k.remaining)
    if k.opener then s.reset, s.opened = k.reset, true end
  end
  if s.allowed == 0 then park(ends()) end
end

-- open is how many may go now, whoever they are.
local function open()
  if now < s.parked then return 0 end
  if s.parked > 0 then -- the park is over: one goes first
    s.parked, s.probe, s.probe_end = 0, p.id, now + PROBE
    forget()
    return 1
  end
  if s.probe then
    if now < s.probe_end then return 0 end
    s.probe = nil
  end
  if not s.over and s.reset > 0 and now >= ends() then forget() end
  return math.max(0, allowed() - in_flight())
end

-- answer is what the process is told. An overtaken step is told the same as a step that is sent twice, and has no effect either.
local function answer(granted)
  local processes, waiting = 0, 0
  for id, q in pairs(s.procs) do
    if id == p.id or q.w + q.n + q.u > 0 then processes = processes + 1 end
    if id ~= p.id then waiting = waiting + q.w end
  end
  local total, reset_in = in_flight(), 0
  if s.reset > 0 and not s.over then reset_in = math.max(0, ends() - now) end
  return { granted, math.max(0, s.parked - now), math.max(0, allowed() - total), total, reset_in, s.window, s.limit,
    processes, waiting }
end

local me = s.procs[p.id]
if me and p.seq <= me.seq then return answer(me.granted) end
local before = in_flight()
local alone = s.probe and before == 1 and me and me.n == 1 and p.n == 0 and p.released == 1
me = me or { u = 0 }
me.n, me.w, me.seq, me.seen = p.n, math.max(0, p.want), p.seq, now
s.procs[p.id] = me
for id, q in pairs(s.procs) do
  if math.abs(now - q.seen) > LEASE then
    lose(q.n)
    s.procs[id] = nil
  end
end
s.parked = math.min(s.parked, now + LONGEST) -- the clock may have been turned back
if s.probe then s.probe_end = math.min(s.probe_end, now + PROBE) end

if s.probe == p.id and p.returned == 1 and p.n == 0 then -- it was not sent: another goes first
  s.probe, s.parked = nil, now
end
local new = false
if k then
  k.reset, k.opener = now + k.reset_in, k.opener == 1
  if k.window == 0 then k.window = k.reset end
  local later = k.window - s.window
  new = s.window == 0 or later > SAME or (s.over and later > 0)
end
if alone or new or p.park > 0 then s.probe = nil end -- what it was sent to find out is known
if k then observe(k, alone, new) end
lose(p.lost)
if p.bare == 1 and s.window == 0 then s.allowed = UNLIMITED end -- the API sends no headers, so there is nothing to go by
if p.park > 0 then park(now + p.park) end

-- level is how many each process could have sent in this window if what is free were poured out over them, lowest first.
local function level(free, sent)
  table.sort(sent)
  local sum = 0
  for i, u in ipairs(sent) do
    sum = sum + u
    local l = (free + sum) / i
    if not sent[i + 1] or l <= sent[i + 1] then return math.floor(l) end
  end
end

-- share is how many of this window this process may send now. Those that wait are given what they need to come to the same level. For one
-- that only has attempts in flight half of an equal share is kept, for half of the window, and then let go little by little; who has
-- less than that half itself needn't heed it.
local function share(free)
  local others, sent, sum = {}, { me.u }, me.u
  for id, q in pairs(s.procs) do
    if id ~= p.id and q.w + q.n + q.u > 0 then
      table.insert(others, q)
      table.insert(sent, q.u)
      sum = sum + q.u
    end
  end
  local rest = allowed() -- of the window. What is in flight may be in that already, so what is free is the least
  if s.limit > 0 and not s.over then rest = math.max(free, math.min(rest, s.limit - sum)) end
  local left = 0 -- where the end of the window is not known, u only grows
  if not s.over and ends() > s.began then left = math.min(1, 2 * math.max(0, ends() - now) / (ends() - s.began)) end
  local equal, l, kept = (rest + sum) / #sent, level(rest, sent), 0
  for _, q in ipairs(others) do
    if q.w > 0 then
      rest = rest - math.max(0, l - q.u)
    else
      kept = kept + math.max(0, math.floor(equal / 2 * left) - q.u)
    end
  end
  return math.max(rest - kept, math.min(rest, math.ceil(equal / 2) - me.u), 0)
end

me.granted = 0
if p.want > 0 then
  local free = open()
  me.granted = math.min(p.want, free, share(free))
  me.n, me.w, me.u = me.n + me.granted, p.want - me.granted, me.u + me.granted
end
if p.want < 0 then s.procs[p.id] = nil end -- it has ended

local told = answer(me.granted)
redis.call('SET', KEYS[1], cjson.encode(s), 'PX', KEEP + math.max(told[2], told[5]))
return told
