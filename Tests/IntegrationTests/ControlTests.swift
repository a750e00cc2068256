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

    /// "An ioctl changes nothing for a caller who may not write into the directory."
    @Test(.enabled(if: getuid() == 0)) func rights() throws {
        let mount = try TestMount(options: ["allow_other"])
        let collection = try mount.collection("c")
        try collection.changeMode(0o755)
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

    /// "Arguments of noise do the daemon no harm."
    @Test func noise() throws {
        let collection = try quarterCircle("noise")
        let script = """
            import fcntl, os, random, sys
            seed = int.from_bytes(os.urandom(4), "little")
            print("seed", seed, file=sys.stderr)
            random.seed(seed)
            fd = os.open(sys.argv[1], os.O_RDONLY)
            numbers = [0x40285601, 0x80285602, 0xC0305603, 0x40205604]
            for _ in range(3000):
                if random.random() < 0.4:
                    number = random.choice(numbers)
                else:
                    number = random.choice([1, 2, 3]) << 30 | random.choice([0, 8, 32, 48, 784, 800, 2048, 16383]) << 16
                    number |= 0x5600 | random.choice([0x40, 0x41, 0x43, 0x44, 0x45])
                argument = bytearray(random.choice([b"\\0", b"\\xff", None]) or os.urandom(1)) * 16384
                for _ in range(random.randrange(12)):
                    at = random.randrange(64)
                    argument[at:at + 4] = random.choice([0, 1, 2, 64, 65536, 2**32 - 1]).to_bytes(4, "little")
                if random.random() < 0.3:
                    argument[0:4] = b"VXR1"
                try:
                    fcntl.ioctl(fd, number, argument)
                except OSError:
                    pass
            """
        let result = try run(["python3", "-c", script, collection.string], timeLimitSeconds: 120)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try collection.searchIDs([1, 0], options: "k=1") == ["d0"], "\(result.errorText)")
    }
}
