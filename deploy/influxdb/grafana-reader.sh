#!/bin/sh
# Lets Grafana read the roll-ups and nothing else: readings of single homes are not for dashboards.
set -eu
export INFLUX_HOST=http://influxdb:8086 INFLUX_ORG=warmcity
INFLUX_TOKEN="$(cat /run/secrets/influx_token)"
export INFLUX_TOKEN

# USER:PASSWORD, as Grafana shows it.
credentials="$(cat /run/secrets/grafana_influx_token)"
user="${credentials%%:*}"
password="${credentials#*:}"

if influx v1 auth list --username "$user" --hide-headers | grep -q .; then
  influx v1 auth set-password --username "$user" --password "$password"
else
  bucket="$(influx bucket list --name warmcity_roll_ups --hide-headers | cut -f1)"
  influx v1 auth create --username "$user" --password "$password" --read-bucket "$bucket"
fi
