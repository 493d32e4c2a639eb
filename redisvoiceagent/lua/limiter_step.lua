-- One step of one process. KEYS[1] holds the budget of an API key, ARGV[1] is what the process
-- reports and wants, as a JSON array: the fields of stepRequest in limiter_step.go, in their order,
-- true and false as 1 and 0.
--
-- The rules are those of the limiter in one process (internal/ratelimit), for all processes
-- together. Times are this server's, in milliseconds; a process sends durations, as its clock may
-- be wrong. It sends totals, not differences, so that a lost answer or a restart of this server is
-- mended by its next step.

local RESET_GUARD = 1000 -- what a reset that is cut to the second may hide
local SAME_WINDOW = 1000 -- resets this near are of the same window
local DOCUMENTED = 60000 -- the length of a window
local LONGEST_CLOSED = 120000 -- an absurd reset doesn't silence the fleet for longer
local FIRST_REFUSAL = 500 -- the wait after a 429 that doesn't say when it ends; it doubles
local FIRST_IN_FLIGHT, UNSEEN_IN_FLIGHT, SURPRISE, SPARE, LIFTED = 4, 16, 20, 4, 300 -- as in internal/ratelimit/window.go
local HALF_OPEN = 2000 -- how long the first attempt after the limiter was closed keeps the others waiting
local LEASE = 3000 -- a process that was silent for so long is dead; one that waits or has attempts in flight steps each second
local KEEP = 60000 -- this is forgotten so long after the last step, or the end of the window
local UNLIMITED = 2147483647
local UNTRIED, GUESSING, COUNTING, SILENT = 0, 1, 2, 3 -- what is known of the current window
local UNTIMED = 1 -- a 429 that doesn't say when it ends

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local p, t, k = {}, {}, {}
p.id, p.seq, p.n, p.want, p.guess, p.returned, p.released, p.answered, p.untold, p.bare, p.refused,
  t.window, t.reset_in, t.limit, k.window, k.reset_in, k.limit, k.remaining, k.opener = unpack(cjson.decode(ARGV[1]))
if not k.window then k = nil end -- no answer had a budget
local stored = redis.call('GET', KEYS[1])
local s = stored and cjson.decode(stored)
  or { known = UNTRIED, window = 0, seen = 0, reset = 0, ends = 0, limit = 0, remaining = 0, bare = 0, lag = 0, outlived = false,
    closed = 0, refusals = 0, procs = {} }
-- s.window names the last window that was reported, by the server's clock; seen, reset and ends are
-- of it. s.remaining is the lowest Remaining of the window, less the answers since that reported
-- nothing. s.lag is by how much resets are too early. The limiter is closed until s.closed when
-- that isn't 0, half-open while s.first names a process, and else open. Of a process: n attempts in
-- flight, w waiting, u sent in this window, seq its last step, seen when that was.

local function in_flight()
  local sum = 0
  for _, q in pairs(s.procs) do sum = sum + q.n end
  return sum
end

-- guess is how many may be in flight while nothing is known of the window.
local function guess()
  if p.guess > 0 then return p.guess end -- the plan's limit
  return s.known == UNTRIED and FIRST_IN_FLIGHT or UNSEEN_IN_FLIGHT
end

-- permits is how many may be in flight.
local function permits()
  if s.known == COUNTING then
    return math.min(math.max(UNSEEN_IN_FLIGHT, math.floor(math.max(s.limit, s.remaining) / SURPRISE)), math.ceil(s.remaining / SPARE))
  elseif s.known == SILENT then
    return math.max(UNSEEN_IN_FLIGHT, LIFTED - s.bare, math.floor(s.bare / SURPRISE))
  end
  return guess()
end

-- left is how many may be sent in this window, as far as is known.
local function left()
  if s.known == COUNTING then return s.remaining end
  return s.known == SILENT and UNLIMITED or guess()
end

local function close(to)
  s.first, s.closed = nil, math.max(s.closed, math.min(to, now + LONGEST_CLOSED))
end

-- admit ends the waiting for the attempt that went first.
local function admit() s.first = nil end

local function begin_count()
  for _, q in pairs(s.procs) do q.u = 0 end
end

-- forget ends the window and goes back to guessing.
local function forget()
  s.known = GUESSING
  begin_count()
end

local function expire()
  if s.known == COUNTING and now >= s.ends then forget() end
end

local function is_same(window) return s.window > 0 and math.abs(window - s.window) <= SAME_WINDOW end
local function is_old(window) return s.known == COUNTING and window < s.window - SAME_WINDOW end
local function is_new(window)
  local later = window - s.window
  return s.window == 0 or later > SAME_WINDOW or (s.known ~= COUNTING and later > 0)
end

-- is_past is whether a reset lies in the past, which makes it none: its clock is behind that of the
-- answer's Date.
local function is_past(k) return k.reset + s.lag < now - RESET_GUARD end

local function latest_end() return s.seen + DOCUMENTED + RESET_GUARD end

-- begin takes an answer as the first of its window, or of what is left of one.
local function begin(k)
  if not is_same(k.window) then s.seen, s.reset, s.outlived = now, k.reset, false end
  local past = is_past(k)
  s.ends = k.reset + s.lag
  if past then
    s.ends = latest_end()
    if s.ends <= now then s.ends = now + DOCUMENTED + RESET_GUARD end
  elseif not k.opener then
    s.ends = s.ends + RESET_GUARD
  end
  s.outlived = s.outlived or past
  s.known, s.window, s.remaining, s.began = COUNTING, k.window, k.remaining, now
  if k.limit > 0 then s.limit = k.limit end
  begin_count()
end

-- learn_lag learns from the beginning of a window by how much the reset of the last one was too
-- early.
local function learn_lag()
  if s.window == 0 then return end
  local lag = math.min(math.max(0, now - s.reset), LONGEST_CLOSED)
  s.lag = s.outlived and lag or math.min(lag, s.lag)
end

-- told takes the budget that an answer reports. Within a window only the lowest counts, and an
-- answer of an older window doesn't count. The answer to the only attempt in flight is the newest
-- there is.
local function told(k, newest)
  local past = is_past(k)
  if past and is_same(k.window) then s.outlived = true end
  if is_new(k.window) then
    learn_lag()
    begin(k)
  elseif newest or (s.outlived and past and s.known == GUESSING) then
    begin(k)
  elseif s.known == COUNTING and not is_old(k.window) then
    s.remaining = math.min(s.remaining, k.remaining)
    if k.opener and not past then s.ends = k.reset + s.lag end
  end
end

-- untold takes attempts whose answers report nothing, or never came: the API may have counted them.
local function untold(n)
  if s.known == COUNTING then s.remaining = math.max(0, s.remaining - n) end
end

-- headerless takes answers without rate-limit headers. If other answers have reported the limit,
-- the window that they belong to is counted from there.
local function headerless(n)
  if n == 0 then
    return
  elseif s.known == COUNTING then
    untold(n)
  elseif s.limit > 0 then
    s.known, s.window, s.remaining, s.ends, s.began = COUNTING, 0, math.max(0, s.limit - n), now + DOCUMENTED, now
    begin_count()
  else
    s.known, s.bare = SILENT, s.bare + n
  end
end

-- heard takes an answer that isn't a bare 429, after what it reported.
local function heard()
  if s.known == UNTRIED then s.known = GUESSING end
end

-- throttled closes the limiter after a 429. If the 429 doesn't say for how long, each further one
-- doubles the wait. All that were sent before the limiter closed count once.
local function throttled()
  t.reset = now + t.reset_in
  local named, untimed = t.window > 0, p.refused == UNTIMED
  if named and is_old(t.window) then return end -- a Retry-After names no window
  s.bare = LIFTED
  if t.limit > 0 then s.limit = t.limit end
  local to = 0
  if not untimed then
    if not named then
      to = t.reset
    elseif t.reset + s.lag >= now - RESET_GUARD / 2 then
      to = t.reset + s.lag + RESET_GUARD
    elseif is_same(t.window) then
      s.outlived, to = true, latest_end()
    end
  end
  if to < now or to == 0 then
    if s.closed > 0 then return end
    to = now + math.min(FIRST_REFUSAL * 2 ^ math.min(s.refusals, 10), LONGEST_CLOSED)
    s.refusals = s.refusals + 1
  else
    heard()
  end
  close(to)
end

-- turn is how many of those that may go now this process may take, so that the others that wait get
-- theirs of what is in flight.
local function turn(free)
  local waiting = 1
  for id, q in pairs(s.procs) do
    if id ~= p.id and q.w > 0 then waiting = waiting + 1 end
  end
  if waiting == 1 then return free end
  return math.max(0, math.min(free, math.ceil((free + in_flight()) / waiting) - s.procs[p.id].n))
end

-- open is how many this process may send now.
local function open()
  if now < s.closed then return 0 end
  if s.closed > 0 then -- one goes first
    s.closed, s.first, s.half_open_until = 0, p.id, now + HALF_OPEN
    expire()
    if s.known == COUNTING and s.remaining == 0 then forget() end
    return 1
  end
  if s.first then
    if now < s.half_open_until then return 0 end
    admit()
  end
  expire()
  return turn(math.max(0, permits() - in_flight()))
end

-- answer returns what the process is to know. An overtaken step is told the same as a step that is
-- sent twice, and has no effect either.
local function answer(granted)
  local processes, waiting = 0, 0
  for id, q in pairs(s.procs) do
    if id == p.id or q.w + q.n + q.u > 0 then processes = processes + 1 end
    if id ~= p.id then waiting = waiting + q.w end
  end
  local total, reset_in = in_flight(), 0
  if s.known == COUNTING then reset_in = math.max(0, s.ends - now) end
  return { granted, math.max(0, s.closed - now), math.max(0, left() - total), total, reset_in, s.window, s.limit,
    processes, waiting }
end

local me = s.procs[p.id]
if me and p.seq <= me.seq then return answer(me.granted) end
local before = in_flight()
local alone = s.first and before == 1 and me and me.n == 1 and p.n == 0 and p.released == 1
me = me or { u = 0 }
me.n, me.w, me.seq, me.seen = p.n, math.max(0, p.want), p.seq, now
s.procs[p.id] = me
for id, q in pairs(s.procs) do
  if math.abs(now - q.seen) > LEASE then
    untold(q.n)
    s.procs[id] = nil
  end
end
s.closed = math.min(s.closed, now + LONGEST_CLOSED) -- the clock may have been turned back
if s.first then s.half_open_until = math.min(s.half_open_until, now + HALF_OPEN) end

if s.first == p.id and p.returned == 1 and p.n == 0 then -- it was not sent: another goes first
  admit()
  s.closed = now
end
if k then
  k.reset, k.opener = now + k.reset_in, k.opener == 1
  if k.window == 0 then k.window = k.reset end
  if alone or is_new(k.window) then admit() end -- what it was sent to find out is known
  told(k, alone)
end
untold(p.untold)
headerless(p.bare)
if p.answered == 1 then
  s.refusals = 0
  heard()
end
if alone and s.first and p.refused == 0 then
  admit()
  if p.answered == 0 then s.closed = now end -- it found out nothing: the next one tries
end
if p.refused > 0 then throttled() end
if s.known == COUNTING and s.remaining == 0 then close(s.ends) end

-- level is how many each process could have sent in this window if what is free were poured out
-- over them, lowest first.
local function level(free, sent)
  table.sort(sent)
  local sum = 0
  for i, u in ipairs(sent) do
    sum = sum + u
    local l = (free + sum) / i
    if not sent[i + 1] or l <= sent[i + 1] then return math.floor(l) end
  end
end

-- share is how many of this window this process may send now. Those that wait are given what they
-- need to come to the same level. For one that only has attempts in flight half of an equal share
-- is kept, for half of the window, and then let go little by little; who has less than that half
-- itself needn't heed it.
local function share(free)
  local others, sent, sum = {}, { me.u }, me.u
  for id, q in pairs(s.procs) do
    if id ~= p.id and q.w + q.n + q.u > 0 then
      table.insert(others, q)
      table.insert(sent, q.u)
      sum = sum + q.u
    end
  end
  local rest = left() -- of the window. What is in flight may be in that already, so what is free is the least
  local held = 0 -- what is kept for the others; where the end of the window is not known, u only grows
  if s.known == COUNTING then
    if s.limit > 0 then rest = math.max(free, math.min(rest, s.limit - sum)) end
    if s.ends > s.began then held = math.min(1, 2 * math.max(0, s.ends - now) / (s.ends - s.began)) end
  end
  local equal, l, kept = (rest + sum) / #sent, level(rest, sent), 0
  for _, q in ipairs(others) do
    if q.w > 0 then
      rest = rest - math.max(0, l - q.u)
    else
      kept = kept + math.max(0, math.floor(equal / 2 * held) - q.u)
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

local reply = answer(me.granted)
redis.call('SET', KEYS[1], cjson.encode(s), 'PX', KEEP + math.max(reply[2], reply[5]))
return reply
