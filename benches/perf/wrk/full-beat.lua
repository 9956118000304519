-- Full beats as a Java client from 1.2.1 on sends them: who it is in the query, the beat in the
-- form body. Arguments: services, instances of each.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "common.lua")

function init(arguments)
  repeat_all(tonumber(arguments[1]), tonumber(arguments[2]), function(n, k)
    local ip, port = address(n, k)
    local name = service("beat", n)
    local path = "/nacos/v1/ns/instance/beat?app=unknown&serviceName=" .. name
      .. "&namespaceId=public&port=" .. port .. "&clusterName=DEFAULT&ip=" .. ip
      .. "&encoding=UTF-8"
    local body = "beat=%7B%22cluster%22%3A%22DEFAULT%22%2C%22ip%22%3A%22" .. ip
      .. "%22%2C%22metadata%22%3A%7B%7D%2C%22period%22%3A5000%2C%22port%22%3A" .. port
      .. "%2C%22scheduled%22%3Afalse%2C%22serviceName%22%3A%22" .. name
      .. "%22%2C%22stopped%22%3Afalse%2C%22weight%22%3A1.0%7D"
    return "PUT", path, body
  end)
end
