-- The list of one service, as a client polls it. Argument: the name's ending, `10` for list-10.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "common.lua")

function init(arguments)
  repeat_all(1, 1, function()
    return "GET", "/nacos/v1/ns/instance/list?app=unknown&healthyOnly=false&namespaceId=public"
      .. "&clientIP=127.0.0.1&udpPort=0&encoding=UTF-8&clusters=&serviceName="
      .. "DEFAULT_GROUP%40%40perf.list-" .. arguments[1]
  end)
end
