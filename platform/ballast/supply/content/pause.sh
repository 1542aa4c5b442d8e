#!/bin/sh
# Holds a pod's namespaces until it is told to stop; reaps what is handed to it, as pid 1 must.
trap 'exit 0' INT TERM
while :; do
	sleep 2147483647 &
	wait $!
done
