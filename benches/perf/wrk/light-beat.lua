-- Light beats: the query of a full beat without its body. Arguments: services, instances of each.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "common.lua")

function init(arguments)
  repeat_all(tonumber(arguments[1]), tonumber(arguments[2]), function(n, k)
    local ip, port = address(n, k)
    return "PUT", "/nacos/v1/ns/instance/beat?app=unknown&serviceName=" .. service("beat", n)
      .. "&namespaceId=public&port=" .. port .. "&clusterName=DEFAULT&ip=" .. ip
      .. "&encoding=UTF-8"
  end)
end
