-- Registrations of the same instances over and over. Arguments: services, instances of each.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "common.lua")

function init(arguments)
  repeat_all(tonumber(arguments[1]), tonumber(arguments[2]), function(n, k)
    local ip, port = address(n, k)
    return "POST", "/nacos/v1/ns/instance?app=unknown&metadata=%7B%7D&ip=" .. ip
      .. "&weight=1.0&ephemeral=true&serviceName=" .. service("register", n)
      .. "&encoding=UTF-8&groupName=DEFAULT_GROUP&namespaceId=public&port=" .. port
      .. "&enable=true&healthy=true"
  end)
end
