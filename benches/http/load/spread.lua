-- GET of one key after the other: chosen at random among all, or each tenant's first in turn.
function init(arguments)
  tenants, keys, order = tonumber(arguments[1]), tonumber(arguments[2]), arguments[3]
  count = 0
  math.randomseed(number + 1)
end

function request()
  local tenant, key
  if order == "random" then
    tenant, key = math.random(0, tenants - 1), math.random(0, keys - 1)
  else
    tenant, key = count % tenants, 0
    count = count + 1
  end
  return string.format(
    "GET /api/t%06d/admin/apiKeys/key-%06d HTTP/1.1\r\nHost: localhost\r\nX-API-KEY: nsk_%049d\r\n\r\n",
    tenant, key, tenant * 1000000 + key)
end
