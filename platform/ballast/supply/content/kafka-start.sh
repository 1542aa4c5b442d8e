#!/bin/sh
# Starts one Kafka node from /etc/kafka/server.properties; formats its log folder when that is empty.
set -eu

properties=${KAFKA_PROPERTIES:-/etc/kafka/server.properties}
[ -r "$properties" ] || { echo "kafka-start: $properties is not there: mount it" >&2; exit 1; }
data=$(sed -n 's/^log\.dirs[[:space:]]*=[[:space:]]*\([^,]*\).*/\1/p' "$properties" | head -n 1)
: "${data:=/var/lib/kafka/data}"
home=/opt/kafka

options="-XX:+UseSerialGC -XX:ReservedCodeCacheSize=64m -Xshare:auto -Xlog:disable -Xlog:all=error:stderr"
options="$options -Xmx${KAFKA_HEAP_MAX:-384m} -Dlog4j.configuration=file:$home/config/log4j.properties"
options="$options -Dlog4j2.configurationFile=$home/config/log4j2.properties -Djava.awt.headless=true"
classes=$(printf '%s:' "$home"/libs/*.jar)
classes=${classes%:}

mkdir -p "$data"
if [ ! -s "$data/meta.properties" ]; then
	# shellcheck disable=SC2086 # options are words
	java $options -cp "$classes" kafka.tools.StorageTool format --ignore-formatted \
		--cluster-id "${KAFKA_CLUSTER_ID:-YmFsbGFzdC1vbmUta2Fma2E}" --config "$properties"
fi
# shellcheck disable=SC2086
exec java $options ${KAFKA_OPTS:-} -cp "$classes" kafka.Kafka "$properties"
