-- The same request again and again, each connection pausing for 2 ms on average: with N
-- connections, N / 2 thousand requests a second as long as the server keeps up.
function init()
  math.randomseed(1)
end

function delay()
  return math.random(1, 3)
end
