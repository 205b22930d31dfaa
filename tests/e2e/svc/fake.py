"""fake.py - a supervise of straw, for tests of the programs that talk to one.

fake.py status FILE AGE PID [paused=N] [want=u|d|o] [wait=N] [up=0|1] [size=N]   write a status file
fake.py run DIR...       be the supervise of every DIR: FIFOs ok, control, up, dn; bytes that arrive are added to
                         DIR/got; u and d open up and dn; d followed by x ends it for that service
"""
import fcntl, os, select, struct, sys, time


def status(fn, age, pid, paused="0", want="u", wait="0", up="1", size="21"):
    now = int(time.time()) - int(age)
    b = struct.pack(">QI", 4611686018427387914 + now, 500) + struct.pack("<I", int(pid))
    b += bytes([int(paused), 0 if want == "o" else ord(want)]) + struct.pack("<h", int(wait)) + bytes([int(up)])
    with open(fn, "wb") as f:
        f.write((b + bytes(100))[: int(size)])


class Service:
    def __init__(self, d):
        self.dir, self.seen, self.fifos = d, b"", {}
        self.sv = d + "/supervise"
        os.makedirs(self.sv, 0o700, exist_ok=True)
        for f in "ok", "control", "up", "dn":
            try:
                os.mkfifo(f"{self.sv}/{f}", 0o600)
            except FileExistsError:
                pass
        self.lock = open(self.sv + "/lock", "a")
        fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.control = os.open(self.sv + "/control", os.O_RDONLY | os.O_NONBLOCK)
        self.keep = os.open(self.sv + "/control", os.O_WRONLY | os.O_NONBLOCK)
        self.hold("ok")
        if not os.path.exists(self.sv + "/status"):
            status(self.sv + "/status", 10, os.getpid())

    def hold(self, name):
        self.fifos[name] = os.open(f"{self.sv}/{name}", os.O_RDONLY | os.O_NONBLOCK)

    def leave(self, name):
        if name in self.fifos:
            os.close(self.fifos.pop(name))

    def take(self):
        data = os.read(self.control, 100)
        with open(self.dir + "/got", "ab") as f:
            f.write(data)
        self.seen += data
        for c in data.decode("latin1"):
            if c in "ur" and "up" not in self.fifos:
                self.leave("dn")
                self.hold("up")
                status(self.sv + "/status", 0, os.getpid())
            elif c == "d":
                self.leave("up")
                self.hold("dn")
                status(self.sv + "/status", 0, os.getpid(), want="d", up="0")
            elif c == "x" and b"d" in self.seen:
                for name in list(self.fifos):
                    self.leave(name)
                self.lock.close()
                return False
        return True


def run(dirs):
    services = {s.control: s for s in map(Service, dirs)}
    print("ready", flush=True)
    while services:
        for fd in select.select(list(services), [], [])[0]:
            if not services[fd].take():
                os.close(services[fd].keep)
                os.close(fd)
                del services[fd]


if __name__ == "__main__":
    if sys.argv[1] == "status":
        status(*sys.argv[2:5], **dict(a.split("=") for a in sys.argv[5:]))
    else:
        run(sys.argv[2:])
