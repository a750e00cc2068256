import Foundation
import TestSupport
import Testing

@Suite struct ControlTests {
    private static let fixtures =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path + "/Fixtures/ioctl"

    /// Compiles the program that knows nothing but the documented layout.
    private func program(in directory: String) throws -> String {
        let program = directory + "/original"
        let result = try run(["cc", "-Wall", "-Wextra", "-o", program, Self.fixtures + "/original.c", "-lm"])
        try #require(result.status == 0, "\(result.errorText)")
        return program
    }

    /// "The four ioctls of the original layout insert, search and describe vectors, on a collection's directory, on
    /// `.vexfs/index` and on `vectors/vectors.vexfs`." "A search by Euclidean distance is in ascending order of
    /// distances, one by cosine or dot product in descending order of similarities." "Wrong arguments of an ioctl fail
    /// with EINVAL, memory that is not there with EFAULT, an id that is taken with EEXIST where that was asked for, and
    /// numbers without a meaning with ENOTTY."
    @Test(arguments: [".vexfs/index", "vectors/vectors.vexfs"])
    func originalLayout(node: String) throws {
        let directory = try makeTemporaryDirectory()
        defer { removeTree(directory) }
        let collection = try SharedMount.collection("originalLayout")
        let result = try run([program(in: directory), collection.string, "\(collection)/\(node)"])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try collection.list().count == 200)
        #expect(try collection.list().allSatisfy { $0.hasSuffix(".json") })
        #expect(try (collection / "vectors").list().isEmpty)
    }

    /// "What an ioctl inserted is kept like any file: it is listed, searched and there after the daemon was killed."
    @Test func insertionsAreKept() throws {
        let directory = try makeTemporaryDirectory()
        defer { removeTree(directory) }
        let mount = try TestMount()
        let collection = try mount.collection("c")
        let result = try run([program(in: directory), collection.string, "\(collection)/.vexfs/index"])
        #expect(result.status == 0, "\(result.errorText)")
        try mount.kill()
        try mount.mount()
        #expect(try collection.list().count == 200)
        #expect(try collection.search([1, 0, 0, 0, 0, 0, 0, 0], options: "k=3").count == 3)
        try mount.close()
    }

    /// "Of the vectors of one inline insert some may have ids, which replace, and others choose one, which is new."
    @Test func chosenBesideGivenIDs() throws {
        let collection = try SharedMount.collection("chosenBesideGivenIDs")
        let script = """
            import array, fcntl, os, struct, sys
            fd = os.open(sys.argv[1], os.O_RDONLY)
            for number in (1, 2):
                vectors = array.array("f", [number, 0, 0, number])
                argument = bytearray(struct.pack("=IIIIQQ", 2, 2, 0, 0, 5, 2**64 - 1) + vectors.tobytes())
                fcntl.ioctl(fd, 3 << 30 | len(argument) << 16 | 0x5644, argument)
                given, chosen = struct.unpack_from("=QQ", argument, 16)
                assert given == 5 and chosen != 5, (given, chosen)
            """
        let result = try run(["python3", "-c", script, collection.string])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try collection.list().count == 3)
    }

    /// "An ioctl changes nothing for a caller who may not write into the directory."
    @Test(.enabled(if: getuid() == 0)) func rights() throws {
        let mount = try TestMount(options: ["allow_other"])
        let collection = try mount.collection("c")
        for path in [TestPath(mount.directory), collection] { try path.changeMode(0o755) }
        let script = """
            import array, errno, fcntl, os, struct, sys
            os.setuid(65534)
            fd = os.open(sys.argv[1], os.O_RDONLY)
            argument = bytearray(struct.pack("=IIIIQ", 2, 1, 0, 0, 5) + array.array("f", [1, 0]).tobytes())
            try:
                fcntl.ioctl(fd, 3 << 30 | len(argument) << 16 | 0x5644, argument)
            except OSError as error:
                assert error.errno == errno.EACCES, error
            else:
                sys.exit("inserted")
            """
        let result = try run(["python3", "-c", script, collection.string])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try collection.list().isEmpty)
        try mount.close()
    }

    /// "A caller whose memory the daemon cannot reach gets EOPNOTSUPP from the ioctls with pointers, and answers from
    /// the inline ones."
    @Test(.enabled(if: getuid() == 0 && isInstalled("unshare"))) func otherNamespaces() throws {
        let directory = try makeTemporaryDirectory()
        defer { removeTree(directory) }
        let script = """
            import array, ctypes, errno, fcntl, os, struct, sys
            fd = os.open(sys.argv[1], os.O_RDONLY)
            vector, id = array.array("f", [1, 0]), array.array("Q", [5])
            argument = struct.pack("=QIIQII", vector.buffer_info()[0], 1, 2, id.buffer_info()[0], 0, 0)
            try:
                fcntl.ioctl(fd, 0x40205604, argument)
            except OSError as error:
                assert error.errno == errno.EOPNOTSUPP, error
            else:
                sys.exit("the daemon saw us")
            inline = bytearray(struct.pack("=IIIIQ", 2, 1, 0, 0, 5) + vector.tobytes())
            fcntl.ioctl(fd, 3 << 30 | len(inline) << 16 | 0x5644, inline)
            assert os.listdir(sys.argv[1]) == ["5.json"]
            """
        try TestPath(directory + "/ask.py").write(script)
        let shell = """
            set -e; cd "$1"; mkdir mnt; "$2" format store
            trap 'fusermount3 -q -u -z mnt; kill -9 $daemon 2>/dev/null; true' EXIT
            unshare -p -f --kill-child "$2" mount --foreground store mnt & daemon=$!
            until [ -f mnt/.vexfs/version ]; do kill -0 $daemon; read -t 0.01 < <(:) || true; done
            mkdir mnt/c; python3 ask.py mnt/c
            """
        let result = try run(["bash", "-c", shell, "bash", directory, Environment.binary])
        #expect(result.status == 0, "\(result.errorText)")
    }

    /// "Arguments of noise do the daemon no harm."
    ///
    /// `VEXFS_FUZZ_SECONDS` says how long (two by default), `VEXFS_TEST_SEED` repeats a run.
    @Test func noise() throws {
        let seconds = Environment["VEXFS_FUZZ_SECONDS"].flatMap(Int.init) ?? 2
        var generator = SeededGenerator.announced(for: "fuzzed ioctls")
        let directory = try makeTemporaryDirectory()
        defer { removeTree(directory) }
        let collection = try SharedMount.collection("noise")
        try (collection / "first.json").write(#"{"vector": [1, 0, 0, 0, 0, 0, 0, 0]}"#)
        let program = directory + "/fuzz"
        let header = Self.fixtures + "/../../../Sources/CFuseShim/include"
        let compiler = ["cc", "-Wall", "-Wextra", "-Werror", "-I", header, "-o", program, Self.fixtures + "/fuzz.c"]
        let compiled = try run(compiler)
        try #require(compiled.status == 0, "\(compiled.errorText)")
        let arguments = [collection.string, "\(collection)/.vexfs/index", "\(seconds)", "\(generator.next() >> 1)"]
        let result = try run([program] + arguments, timeLimitSeconds: seconds + 120)
        #expect(result.status == 0, "\(result.errorText)")
        // Whatever was asked, the collection still takes vectors and finds them.
        try (collection / "last.json").write(#"{"vector": [0, 0, 0, 0, 0, 0, 0, 1e9]}"#)
        #expect(try collection.searchIDs([0, 0, 0, 0, 0, 0, 0, 1], options: "k=1") == ["last"])
    }
}
