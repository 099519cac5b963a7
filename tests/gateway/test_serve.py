"""The gateway's two sides: who may come in, what is too much, and how it is served again after a restart."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fleet.gateway.serve import serve
from fleet.gateway.server import BODY_BYTES, build_app
from fleet.model.errors import Permanent


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


def post(port, verb="done", body=b"{}", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        headers.setdefault("Authorization", "Bearer token-of-r1")
        connection.request("POST", f"/agent/{verb}", body, headers)
        response = connection.getresponse()
        raw = response.read()
    finally:
        connection.close()
    try:
        return response.status, json.loads(raw)
    except ValueError:
        return response.status, {}


def ask(opened, *args, **kwargs):
    async def story():
        async with opened() as serving:
            return await asyncio.to_thread(post, serving.port, *args, **kwargs)

    return run(story())


def test_an_answer_is_ok_with_a_message_and_data(opened, desk):
    status, answer = ask(opened, body=b'{"text": "it is there"}')
    assert status == 200
    assert answer["ok"] is True
    assert answer["message"]
    assert answer["data"] == {}
    assert len(desk.events()) == 1


@pytest.mark.parametrize("header", ["Bearer nobody", "Bearer ", "", "Basic token-of-r1", "token-of-r1"])
def test_without_a_known_token_nobody_gets_in(opened, desk, header):
    status, answer = ask(opened, Authorization=header)
    assert (status, answer["ok"]) == (401, False)
    assert desk.events() == []


@pytest.mark.parametrize(
    "body", [b"{", b"[1]", b'"x"', b"\xff\xfe", b'{"text": NaN}', b'{"a":' * 40_000, b"[" * 200_000]
)
def test_what_is_no_json_object_is_a_bad_request(opened, desk, body):
    status, answer = ask(opened, body=body)
    assert (status, answer["ok"]) == (400, False)
    assert "JSON" in answer["message"]
    assert desk.events() == []


def test_a_body_that_is_too_large_is_not_read_to_its_end(opened, desk):
    status, answer = ask(opened, body=b" " * (BODY_BYTES + 1))
    assert (status, answer["ok"]) == (413, False)
    assert desk.events() == []


@pytest.mark.parametrize("key", ["short", "has space in it", "x" * 65, "../../../etc"])
def test_a_key_that_could_be_no_id_is_refused(opened, desk, key):
    status, _ = ask(opened, **{"Idempotency-Key": key})
    assert status == 403
    assert desk.events() == []


def test_one_runs_key_can_not_hide_an_event_of_another(opened, desk):
    async def story():
        async with opened() as serving:
            for run_id in ("r1", "r3"):
                status, _ = await asyncio.to_thread(
                    post,
                    serving.port,
                    **{"Authorization": f"Bearer token-of-{run_id}", "Idempotency-Key": "the-same-key"},
                )
                assert status == 200

    run(story())
    assert [event.data["run"] for event in desk.events()] == ["r1", "r3"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example"])
def test_a_name_that_is_made_to_point_here_is_not_served(opened, desk, host):
    status, _ = ask(opened, Host=host)
    assert status == 400
    assert desk.events() == []


def test_only_its_owner_may_open_the_socket(opened, socket_path):
    async def story():
        async with opened():
            return socket_path.stat().st_mode, socket_path.parent.stat().st_mode

    file, folder = run(story())
    assert stat.S_ISSOCK(file)
    assert stat.S_IMODE(file) == 0o600
    assert stat.S_IMODE(folder) == 0o700


def test_a_shared_folder_is_not_taken_from_the_others(desk, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)

    async def story():
        serving = await serve(build_app(desk), build_app(desk), shared / "agent.sock")
        await serving.stop()

    run(story())
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777


def test_a_socket_that_a_killed_watcher_left_is_replaced(opened, socket_path, agent):
    socket_path.parent.mkdir()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(socket_path))
    left.close()

    async def story():
        async with opened():
            return await agent("r1", "done")

    assert run(story()).code == 0


def test_nothing_is_left_after_the_stop_and_stopping_again_is_nothing(opened, socket_path):
    async def story():
        async with opened() as serving:
            await serving.stop()
            assert not socket_path.exists()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.to_thread(post, serving.port)

    run(story())


def test_a_successors_socket_is_left_to_it(opened, desk, socket_path):
    async def story():
        async with opened() as first:
            successor = await serve(build_app(desk), build_app(desk), socket_path)
            await first.stop()
            assert socket_path.exists()
            await successor.stop()
            assert not socket_path.exists()

    run(story())


def test_the_port_of_before_is_taken_again(opened):
    async def story():
        async with opened() as first:
            assert (await asyncio.to_thread(post, first.port))[0] == 200
        async with opened(port=first.port) as second:
            assert second.port == first.port
            assert (await asyncio.to_thread(post, second.port))[0] == 200

    run(story())


def test_a_port_that_is_taken_is_given_up_for_a_free_one(opened):
    async def story():
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = other.getsockname()[1]
            async with opened(port=taken) as serving:
                assert serving.port != taken
                assert (await asyncio.to_thread(post, serving.port))[0] == 200

    run(story())


def test_the_signals_stay_with_the_watcher(opened):
    def handlers():
        return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]

    async def story():
        before = handlers()
        async with opened():
            return before, handlers()

    before, while_served = run(story())
    assert while_served == before


def test_where_it_can_not_listen_it_says_so_and_leaves_nothing_open(desk, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")

    async def story():
        open_before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(Permanent) as caught:
            await serve(build_app(desk), build_app(desk), blocked / "agent.sock")
        assert len(list(Path("/proc/self/fd").iterdir())) == open_before
        return caught.value

    assert "agent.sock" in run(story()).what


def test_an_application_that_fails_at_its_start_does_not_end_the_watcher(desk, tmp_path):
    async def broken(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.failed", "message": "no"})

    async def story():
        with pytest.raises(Permanent):
            await serve(build_app(desk), broken, tmp_path / "agent.sock")
        serving = await serve(build_app(desk), build_app(desk), tmp_path / "agent.sock")
        await serving.stop()

    run(story())


def test_requests_at_once_are_all_answered(opened, desk):
    async def story():
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(40) as clients:  # not the loop's own threads: the desk appends in those
            async with opened() as serving:
                asked = [loop.run_in_executor(clients, post, serving.port) for _ in range(40)]
                return [status for status, _ in await asyncio.gather(*asked)]

    assert run(story()) == [200] * 40
    assert len(desk.events()) == 40
