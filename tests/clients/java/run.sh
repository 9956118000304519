# Runs a class of this folder with the client of $VERSION. A short life is spared the second
# compiler; the cache of services goes to the life's own home.
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx128m -Duser.home="$HOME" \
    -Dcom.alibaba.nacos.client.naming.local.ip=127.0.0.1 \
    -cp "$CACHE:$CACHE/lib/*" "$@"
