-- SPDX-License-Identifier: MIT
-- What Lua's interpreter must do: a check a feature; the first that fails ends with its line.
local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
assert(fib(20) == 6765)

-- integers wrap, floats do not; division and remainder round down
assert(math.maxinteger + 1 == math.mininteger and 7 // -2 == -4 and -7 % 3 == 2 and 7.5 // 2 == 3.0)
assert(1 / 0 == math.huge and 0 / 0 ~= 0 / 0 and 2 ^ 0.5 == math.sqrt(2) and math.type(3.0) == "float")
assert(0x7fffffffffffffff == math.maxinteger and 0x.8p1 == 1.0 and 1 << 63 == math.mininteger and ~0 == -1)
assert(tostring(1e15) == "1e+15" and tostring(0.1) == "0.1" and string.format("%.17g", 0.1) == "0.10000000000000001")
assert(tonumber("0x1p-2") == 0.25 and tonumber("1e") == nil and "10" + 5 == 15)

-- strings, patterns, packing
assert(("%5.2f|%-4s|%q"):format(3.14159, "ab", "x\ny") == " 3.14|ab  |\"x\\\ny\"")
assert(("key = value"):match("^(%w+)%s*=%s*(%w+)$") == "key")
assert(("hello world"):gsub("o", { o = "0" }) == "hell0 w0rld" and ("abc"):rep(3, "-") == "abc-abc-abc")
assert(string.pack("<i4d", 258, 1.5) == "\2\1\0\0\0\0\0\0\0\0\xf8\x3f" and string.unpack(">I2", "\1\2") == 258)
assert(utf8.char(228, 8364, 128512) == "ä€😀" and utf8.len("ä€😀") == 3)

-- tables, sorting, metatables, closures, varargs
local t = {}
for i = 1, 1000 do t[i] = (i * 7919) % 1009 end
table.sort(t)
for i = 2, #t do assert(t[i - 1] <= t[i]) end
local meta = { __index = function(_, k) return k .. "!" end, __call = function(_, a, b) return a * b end }
local account = setmetatable({}, meta)
assert(account.name == "name!" and account(6, 7) == 42)
assert(select("#", nil, nil) == 2 and table.concat({ table.unpack({ 1, 2, 3 }, 2) }, ",") == "2,3")

-- coroutines, errors, goto, to-be-closed variables
local produce = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
assert(produce() + produce() + produce() == 6)
local ok, message = pcall(function() error({ code = 7 }) end)
assert(not ok and message.code == 7 and not pcall(function() local x = nil; return x.y end))
local closed = 0
do
    local guard <close> = setmetatable({}, { __close = function() closed = closed + 1 end })
    for i = 1, 10 do if i == 5 then goto out end end
    ::out::
end
assert(closed == 1)

-- the collector, compiled chunks, files
local weak = setmetatable({ {} }, { __mode = "v" })
collectgarbage()
assert(#weak == 0)
assert(load(string.dump(function(a) return a * 2 end))(21) == 42)
local name = os.tmpname()
local file = assert(io.open(name, "w"))
file:write("one\n", 2, "\n", 0.5, "\n"):close()
local words, integer, real = assert(io.open(name)):read("l", "n", "n")
assert(words == "one" and integer == 2 and real == 0.5 and os.remove(name))
print("lua: ok")
