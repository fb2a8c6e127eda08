-- The same request with one bearer token of a file after the other.
function init(arguments)
  requests = {}
  for token in io.lines(arguments[1]) do
    requests[#requests + 1] = "GET " .. wrk.path .. " HTTP/1.1\r\nHost: localhost\r\n"
      .. "Authorization: Bearer " .. token .. "\r\n\r\n"
  end
  count = number * 4096
end

function request()
  count = count + 1
  return requests[count % #requests + 1]
end
