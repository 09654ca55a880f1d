"""The Prometheus exporter for HAProxy, unchanged, reads the stats socket without one parse failure."""
import re
import shutil
import urllib.request

from lbdtest import Load, PortHolder, Process, wait_for


def exporter(box, lbd):
    """Starts one for this daemon; returns a function that scrapes it into {series: value}."""
    program = shutil.which("prometheus-haproxy-exporter")
    assert program, "prometheus-haproxy-exporter is not installed"
    holder = PortHolder()
    port = holder.port
    holder.close()  # Go listens without SO_REUSEPORT
    Process(box, box.fresh("exporter"), [program, f"--haproxy.scrape-uri=unix:{lbd.stats_path}",
                                         f"--web.listen-address=127.0.0.1:{port}"])

    def scrape():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if line.startswith("haproxy_"))

    def ready():
        try:
            return scrape()
        except OSError:
            return None
    wait_for(ready, 15, "the exporter to answer")
    return scrape


def test_exporter_reads_every_row(box):
    lbd, *_ = box.serve("a", "b")
    scrape = exporter(box, lbd)
    load = Load(lbd.port, clients=2, each=20).join()
    assert load.errors == []
    lbd.act("disable server app/b")
    series = scrape()
    assert series["haproxy_up"] == "1"
    assert series["haproxy_exporter_csv_parse_failures_total"] == "0"
    assert series['haproxy_frontend_http_requests_total{frontend="web"}'] == "40"
    assert series['haproxy_backend_http_responses_total{backend="app",code="2xx"}'] == "40"
    assert series['haproxy_server_up{backend="app",server="a"}'] == "1"
    assert series['haproxy_server_up{backend="app",server="b"}'] == "0"
    served = [float(series[f'haproxy_server_sessions_total{{backend="app",server="{name}"}}']) for name in "ab"]
    assert sum(served) == 40
    version = next(name for name in series if name.startswith("haproxy_version_info"))
    assert re.search(r'release_date="\d{4}/\d\d/\d\d",version="2\.6\.0-lbd', version)


def test_exporter_at_the_lowest_level(box):
    config = box.config({"a": box.origin()})
    config["global"]["stats_sockets"][0]["level"] = "user"
    lbd = box.lbd(config)
    series = exporter(box, lbd)()
    assert series["haproxy_up"] == "1"
    assert series["haproxy_exporter_csv_parse_failures_total"] == "0"
