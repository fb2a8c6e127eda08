-- Changes of one key after the other of the first tenant, by the key that may; the first ten stay as they are.
function init(arguments)
  keys = tonumber(arguments[1])
  count = number * 1000000
end

function request()
  count = count + 1
  local body = '{"enabled": true, "permissions": ["round:' .. count .. '"]}'
  return string.format(
    "PUT /api/t000000/admin/apiKeys/key-%06d HTTP/1.1\r\nHost: localhost\r\nX-API-KEY: nsk_%049d\r\n"
      .. "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
    10 + count % (keys - 10), 0, #body, body)
end
