"""A real nginx behind lbd, or in front of it."""
from lbdtest import Failure, Process, listening_ports, wait_for

CONF = """
daemon off; master_process off; pid {dir}/nginx.pid; error_log stderr {log};
events {{ worker_connections 512; }}
http {{
  access_log off; client_max_body_size 0;
  client_body_temp_path {dir}/tmp; proxy_temp_path {dir}/tmp; fastcgi_temp_path {dir}/tmp;
  uwsgi_temp_path {dir}/tmp; scgi_temp_path {dir}/tmp;
{text}
}}
"""


def wait_listening(process, ports):
    """Until the process listens on all of them; a Failure when it ends before."""
    def listening():
        if not process.running:
            raise Failure(f"{process.log}")
        return set(ports) <= set(listening_ports())
    wait_for(listening, what=f"ports {ports} to be listened on")


def start_nginx(box, text, ports, log="warn"):
    """The Process, which listens on these ports as text, the inside of http {}, says. log: the level of what it logs."""
    box.path("tmp").mkdir(mode=0o777, exist_ok=True)
    box.path("nginx.conf").write_text(CONF.format(dir=box.directory, log=log, text=text))
    process = Process(box, "nginx", ["nginx", "-e", "stderr", "-p", box.directory, "-c", box.path("nginx.conf")])
    wait_listening(process, ports)
    return process
