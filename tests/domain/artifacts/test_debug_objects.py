"""What is in a debug file: files-and-avatars.md 5.5, 9."""

import json
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from bundling import BUILT

from shipmark.debug_files import assembling, objects
from shipmark.debug_files.inspection import InspectionResult
from shipmark.debug_files.model import DebugObject
from shipmark.debug_files.objects import ObjectProblem

ID = "dfb8e43a-f242-3d73-a453-aeb6a777ef75"
BREAKPAD = b"MODULE Linux x86_64 DFB8E43AF2423D73A453AEB6A777EF750 shop\nFILE 0 a.c\nFUNC 10 5 0 f\n10 5 1 0\n"


def kept(folder: Path, content: bytes) -> Path:
    path = folder / "given"
    path.write_bytes(content)
    return path


def single(path: Path, name: str, debug_id: str | None = None) -> DebugObject:
    """Return the object of a file that has exactly one."""
    (debug_object,) = objects.objects_in(path, name, debug_id)
    return debug_object


def refused(path: Path, name: str = "given", debug_id: str | None = None) -> str:
    with pytest.raises(ObjectProblem) as problem:
        single(path, name, debug_id)
    return str(problem.value)


def test_a_mapping_of_proguard_has_the_id_that_sentry_cli_computes() -> None:
    found = single(BUILT / "mapping.txt", "/proguard/dac1a4b8-2254-55a4-bff8-8f4bc80197df.txt")
    assert found.debug_id == "dac1a4b8-2254-55a4-bff8-8f4bc80197df"
    assert (found.symbol_type, found.cpu_name) == ("proguard", "any")
    assert found.object_name == "dac1a4b8-2254-55a4-bff8-8f4bc80197df.txt"


def test_a_mapping_of_proguard_has_the_id_of_its_name(tmp_path: Path) -> None:
    """`upload-proguard --uuid` names it by the id that the build has written into the app."""
    for name in (f"/proguard/{ID.upper()}.txt", f"x/proguard/mapping-{ID}.txt"):
        assert single(BUILT / "mapping.txt", name).debug_id == ID
    computed = "dac1a4b8-2254-55a4-bff8-8f4bc80197df"
    for name in (f"/proguard/{'0' * 32}.txt", f"{ID}.txt", "proguard/mapping.txt"):
        assert single(BUILT / "mapping.txt", name).debug_id == computed
    assert single(BUILT / "mapping.txt", "proguard/m.txt", ID).debug_id == ID


def test_a_mapping_of_proguard_is_known_by_its_content(tmp_path: Path) -> None:
    found = single(kept(tmp_path, b"# x\ncom.acme.Cart -> a.b:\n    int a -> b\n"), "mapping.txt")
    assert found.symbol_type == "proguard"


def test_a_portable_pdb() -> None:
    found = single(BUILT / "SrcGenSampleApp.pdb", "bin\\SrcGenSampleApp.pdb")
    assert found.debug_id == "c02651ae-cd6f-492d-bc33-0b83111e7106-8d8e7c60"
    assert (found.symbol_type, found.object_name) == ("portablepdb", "SrcGenSampleApp.pdb")
    assert found.features == {"debug", "sources"}


def test_a_symbol_map_of_dart_has_the_id_that_the_client_gives() -> None:
    path = BUILT / "dartsymbolmap.json"
    assert single(path, "map.json", ID.upper()).debug_id == ID
    assert single(path, "map.json", ID).symbol_type == "dartsymbolmap"
    assert refused(path) == "A file of this type (dartsymbolmap) needs a debug id"


def test_line_mappings_of_il2cpp(tmp_path: Path) -> None:
    path = kept(tmp_path, json.dumps({"a.cpp": {"a.cs": {"1": 2}}}).encode())
    assert single(path, "mapping.json", ID).symbol_type == "il2cpp"


def test_a_symbol_map_of_bitcode(tmp_path: Path) -> None:
    path = kept(tmp_path, b"BCSymbolMap Version: 2.0\n_f\n")
    assert single(path, f"{ID}.bcsymbolmap", ID).symbol_type == "bcsymbolmap"


def test_a_bundle_of_sources() -> None:
    found = single(BUILT / "sentry-cli.sysb", "a.src.zip")
    assert (found.symbol_type, found.features) == ("sourcebundle", {"sources"})


def test_symbols_of_breakpad(tmp_path: Path) -> None:
    found = single(kept(tmp_path, BREAKPAD), "shop.sym")
    assert (found.debug_id, found.cpu_name, found.symbol_type) == (ID, "x86_64", "breakpad")


@pytest.mark.skipif(not shutil.which("gcc"), reason="needs a compiler")
def test_a_program_that_was_just_compiled(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("int f(int x) { return x + 1; } int main() { return f(1); }")
    program = tmp_path / "shop"
    command = ["gcc", "-g", "-Wl,--build-id", "-o", str(program), str(tmp_path / "a.c")]
    subprocess.run(command, check=True)
    found = single(program, "shop")
    assert (found.symbol_type, found.object_name) == ("elf", "shop")
    assert found.code_id
    assert {"debug", "symtab"} <= found.features


def kind(cpu: int) -> int:
    """Which of these processors: any. That is 3 for Intel's, 0 for ARM's."""
    return 3 if cpu == 0x01000007 else 0


def macho(cpu: int) -> bytes:
    """The header of a library for a processor, with an id and nothing else."""
    uuid = struct.pack("<II16s", 0x1B, 24, bytes([cpu & 0xFF] * 16))
    return struct.pack("<IIIIIIII", 0xFEEDFACF, cpu, kind(cpu), 6, 1, 24, 0, 0) + uuid


def test_a_file_for_two_processors_is_one_too_many(tmp_path: Path) -> None:
    parts = [(0x01000007, macho(0x01000007)), (0x0100000C, macho(0x0100000C))]
    header, body = struct.pack(">II", 0xCAFEBABE, 2), b""
    for at, (cpu, content) in enumerate(parts):
        header += struct.pack(">IIIII", cpu, kind(cpu), 4096 * (at + 1), len(content), 12)
        body += content.ljust(4096, b"\x00")
    path = kept(tmp_path, header.ljust(4096, b"\x00") + body)
    found = objects.objects_in(path, "fat")
    assert [each.cpu_name for each in found] == ["x86_64", "arm64"]
    result = InspectionResult(objects=found)
    assert assembling.problem_of(result) == "Object contains 2 architectures (1 expected)"


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"[1]", b"[" * 99_999, b'["a"]', b'{"a": 1}', b"PK\x03\x04", b"\x7fELF", b"{"],
)
def test_what_nobody_knows_is_refused(tmp_path: Path, content: bytes) -> None:
    assert refused(kept(tmp_path, content), debug_id=ID)


def test_what_was_cut_is_refused(tmp_path: Path) -> None:
    content = (BUILT / "SrcGenSampleApp.pdb").read_bytes()
    for length in (4, 20, 100, 1000):
        assert refused(kept(tmp_path, content[:length]))
