#!/bin/sh
# Starts the Apicurio registry; without other settings it keeps its artefacts in memory (H2).
set -eu
cd /opt/apicurio
# shellcheck disable=SC2086 # several options in one variable
exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-XX:MaxRAMPercentage=${JAVA_MAX_MEM_RATIO:-60}" \
	-Djava.util.logging.manager=org.jboss.logmanager.LogManager ${JAVA_OPTIONS:-} -jar quarkus-run.jar
