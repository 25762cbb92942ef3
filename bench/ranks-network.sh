#!/bin/bash
# Runs a command whose mpirun has two machines: network namespaces of this one, with a link between them that is shaped
# by tc. As root, on Linux, with Open MPI and iproute2.
#
#   RATE=1gbit DELAY=10ms bench/ranks-network.sh node bench/ranks.mjs --rounds 3
#   GAN_TRACE=trace.json bench/ranks-network.sh gan fit builtin:shapes --ranks 2 --steps 24
#
# DELAY is of each direction, by netem; where the kernel has none, delayed-link.py holds the packets (Python 3).
set -euo pipefail
rate=${RATE:-1gbit} delay=${DELAY:-10ms} mpirun=${GAN_MPIRUN:-mpirun.openmpi}
folder=$(mktemp -d)
link=
leave() {
  [ -z "$link" ] || kill "$link" || true
  ip netns del gan-a || true
  ip netns del gan-b || true
  rm -rf "$folder"
}
trap leave EXIT

for each in gan-a gan-b; do
  ip netns add $each
  ip -n $each link set lo up
done
shape() { tc -n "$1" qdisc add dev gan0 root handle 1: tbf rate "$rate" burst 256kb latency 300ms; }
delay() { tc -n "$1" qdisc add dev gan0 parent 1:1 handle 10: netem delay "$delay" limit 100000 2>/dev/null; }
ip link add gan0 netns gan-a type veth peer name gan0 netns gan-b
for each in gan-a:10.77.0.1 gan-b:10.77.0.2; do
  ip -n ${each%:*} addr add ${each#*:}/24 dev gan0
  ip -n ${each%:*} link set gan0 up
  shape ${each%:*}
done
if ! { delay gan-a && delay gan-b; }; then
  ip -n gan-a link del gan0
  python3 "$(dirname "$0")/delayed-link.py" "${delay%ms}" gan-a 10.77.0.1 gan-b 10.77.0.2 > "$folder/link" &
  link=$!
  until grep -qs ready "$folder/link"; do sleep 0.1; done
  shape gan-a
  shape gan-b
fi
echo "link: $rate, delay $delay each way" >&2

# what mpirun starts on another machine: HOST COMMAND...
cat > "$folder/agent" <<'END_AGENT'
#!/bin/sh
case $1 in 10.77.0.2) name=gan-b ;; *) name=gan-a ;; esac
shift
exec ip netns exec $name unshare --uts sh -c "hostname $name; $*"
END_AGENT
cat > "$folder/mpirun" <<END_MPIRUN
#!/bin/sh
[ "\$1" = --version ] && exec $mpirun --version
exec ip netns exec gan-a unshare --uts sh -c 'hostname gan-a; exec "\$@"' sh $mpirun \\
  --mca plm_rsh_agent $folder/agent --mca oob_tcp_if_include gan0 --mca btl_tcp_if_include gan0 \\
  --mca pml ob1 --mca btl self,tcp -H 10.77.0.1:1,10.77.0.2:1 "\$@"
END_MPIRUN
chmod +x "$folder/agent" "$folder/mpirun"
GAN_MPIRUN=$folder/mpirun "$@"
