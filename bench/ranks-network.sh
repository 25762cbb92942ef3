#!/bin/bash
# Runs a command whose mpirun has two machines: network namespaces of this one, with a link between them that is shaped
# by tc. As root, on Linux, with Open MPI and iproute2.
#
#   RATE=1gbit DELAY=10ms bench/ranks-network.sh node bench/ranks.mjs --rounds 3
#   GAN_TRACE=trace.json bench/ranks-network.sh gan fit builtin:shapes --ranks 2 --steps 24
#
# DELAY is of each direction; it needs netem in the kernel (sch_netem), without which it is left out, and said so.
set -euo pipefail
rate=${RATE:-1gbit} delay=${DELAY:-10ms} mpirun=${GAN_MPIRUN:-mpirun.openmpi}
folder=$(mktemp -d)
leave() { ip netns del gan-a || true; ip netns del gan-b || true; rm -rf "$folder"; }
trap leave EXIT

ip netns add gan-a
ip netns add gan-b
ip link add gan0 netns gan-a type veth peer name gan0 netns gan-b
shape() { # NAMESPACE ADDRESS
  ip -n "$1" addr add "$2/24" dev gan0
  ip -n "$1" link set lo up
  ip -n "$1" link set gan0 up
  tc -n "$1" qdisc add dev gan0 root handle 1: tbf rate "$rate" burst 256kb latency 300ms
  tc -n "$1" qdisc add dev gan0 parent 1:1 handle 10: netem delay "$delay" limit 100000 2>/dev/null
}
shape gan-a 10.77.0.1 || delay=none
shape gan-b 10.77.0.2 || delay=none
[ "$delay" = none ] && echo "The kernel has no netem: the link has no delay." >&2
echo "link: $rate, delay $delay" >&2

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
