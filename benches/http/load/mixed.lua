-- Nine reads for each write. Writes make a key, change one made 200 writes ago and remove one made
-- 400 writes ago, so that none meets another's work half done.
function init(arguments)
  tenants, keys, round = tonumber(arguments[1]), tonumber(arguments[2]), arguments[3]
  count = 0
  math.randomseed(tonumber(round))
end

function delay()
  return math.random(10, 30)
end

local function send(method, tenant, path, body)
  local head = string.format(
    "%s /api/t%06d/admin/apiKeys%s HTTP/1.1\r\nHost: localhost\r\nX-API-KEY: nsk_%049d\r\n",
    method, tenant, path, tenant * 1000000)
  if body then
    head = head .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n"
  end
  return head .. "\r\n" .. (body or "")
end

function request()
  count = count + 1
  local tenant = math.random(0, tenants - 1)
  if count % 10 ~= 0 then
    if count % 10 == 5 then
      return send("GET", tenant, "")
    end
    return send("GET", tenant, string.format("/key-%06d", math.random(0, keys - 1)))
  end
  local turn = count / 10 - 1
  local number = math.floor(turn / 3)
  local step = turn % 3
  if step == 1 and number >= 200 then
    number = number - 200
    return send("PUT", number % tenants, "/made-" .. round .. "-" .. number,
      '{"enabled": false, "permissions": ["passes:read"]}')
  elseif step == 2 and number >= 400 then
    number = number - 400
    return send("DELETE", number % tenants, "/made-" .. round .. "-" .. number)
  elseif step == 0 then
    return send("POST", number % tenants, "",
      '{"name": "made-' .. round .. '-' .. number .. '", "permissions": ["passes:write"]}')
  end
  return send("GET", tenant, "")
end
