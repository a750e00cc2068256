import Glibc
import Testing
import VexFS

@testable import VexFUSE

/// Mounts a fresh store under a directory of its own for the length of `body`.
private func withMount(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/vexfs-mount-XXXXXX".utf8CString)
    let base = try #require(mkdtemp(&template).map { String(cString: $0) })
    let store = base + "/store"
    let mountpoint = base + "/mount"
    try #require(mkdir(mountpoint, 0o755) == 0)
    try Store.format(at: store)
    let engine = try Store(opening: store, embedder: NoEmbedder())
    let mounted = try MountedStore(store: engine, mountpoint: mountpoint, options: MountOptions())
    try mounted.start()
    let result = Result { try body(mountpoint) }
    mounted.requestStop()
    mounted.waitUntilUnmounted()
    engine.close()
    #expect(rmdir(mountpoint) == 0)
    try result.get()
}

/// For documents that bring their own vectors.
private struct NoEmbedder: Embedder {
    let space = EmbeddingSpace(id: "none", model: "none", dimension: 3, maximumTokens: 1)
    func embed(_ texts: [String], role: EmbeddingRole) throws(VexFSError) -> [Embedding] {
        throw VexFSError(.modelMissing, "tests bring their own vectors")
    }
}

/// Writes a file as a program would and returns 0 or the errno of the call that failed.
private func write(_ text: String, to path: String, flags: Int32 = O_WRONLY | O_CREAT | O_TRUNC) -> Int32 {
    let descriptor = open(path, flags, 0o644)
    guard descriptor >= 0 else { return errno }
    let bytes = Array(text.utf8)
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
        let code = errno
        close(descriptor)
        return code
    }
    return close(descriptor) == 0 ? 0 : errno
}

private func read(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count <= 0 { return count == 0 ? String(decoding: text, as: UTF8.self) : nil }
        text += buffer[..<count]
    }
}

@Suite(.serialized, .timeLimit(.minutes(1))) struct MountedStoreTests {
    private let document = #"{"text":"refunds","embedding":[1,0,0],"lang":"en"}"#

    @Test func aDocumentReadsBackAndIsFound() throws {
        try withMount { mount in
            #expect(mkdir(mount + "/c", 0o755) == 0)
            #expect(write(document, to: mount + "/c/a.json") == 0)
            #expect(read(mount + "/c/a.json") == document)
            #expect(write(#"{"embedding":[0,1,0]}"#, to: mount + "/c/b.json") == 0)
            #expect(read(mount + "/c/query/like=b/x.ids") == "a\n")
            #expect(read(mount + "/c/.vexfs/count") == "2\n")
        }
    }

    @Test func refusedContentLeavesThePreviousVersion() throws {
        try withMount { mount in
            #expect(mkdir(mount + "/c", 0o755) == 0)
            #expect(write(document, to: mount + "/c/a.json") == 0)
            #expect(write(#"{"text""#, to: mount + "/c/a.json") == EINVAL)
            #expect(write(#"{"embedding":[1,2]}"#, to: mount + "/c/a.json") == EINVAL)
            #expect(read(mount + "/c/a.json") == document)
            #expect(read(mount + "/.vexfs/lasterr")?.contains("c/a.json") == true)
        }
    }

    @Test func pinnedQueriesAreRealDirectories() throws {
        try withMount { mount in
            #expect(mkdir(mount + "/c", 0o755) == 0)
            #expect(write(document, to: mount + "/c/a.json") == 0)
            #expect(write(#"{"embedding":[0,1,0]}"#, to: mount + "/c/b.json") == 0)
            let pin = mount + "/c/query/like=b/near"
            #expect(mkdir(pin, 0o755) == 0)
            #expect(read(pin + "/001-0.000-a.json") == document)
            #expect(mkdir(pin, 0o755) == -1 && errno == EEXIST)
            #expect(rmdir(pin) == 0)
            // What is left is a search, which is a file.
            #expect(rmdir(pin) == -1 && errno == ENOTDIR)
        }
    }

    @Test func unlinkedFilesStayReadable() throws {
        try withMount { mount in
            #expect(mkdir(mount + "/c", 0o755) == 0)
            #expect(write(document, to: mount + "/c/a.json") == 0)
            let descriptor = open(mount + "/c/a.json", O_RDONLY)
            #expect(unlink(mount + "/c/a.json") == 0)
            var buffer = [UInt8](repeating: 0, count: 100)
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            #expect(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self) == document)
            #expect(close(descriptor) == 0)
            #expect(read(mount + "/c/a.json") == nil)
        }
    }

    @Test func exchangedFilesKeepTheirOpenHandles() throws {
        try withMount { mount in
            #expect(mkdir(mount + "/c", 0o755) == 0)
            #expect(write(document, to: mount + "/c/a.json") == 0)
            #expect(write(#"{"embedding":[0,1,0]}"#, to: mount + "/c/b.json") == 0)
            let descriptor = open(mount + "/c/b.json", O_WRONLY)
            let exchange = UInt32(1 << 1)
            #expect(renameat2(AT_FDCWD, mount + "/c/a.json", AT_FDCWD, mount + "/c/b.json", exchange) == 0)
            let bytes = Array(#"{"embedding":[0,0,1]}"#.utf8)
            #expect(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
            #expect(close(descriptor) == 0)
            #expect(read(mount + "/c/a.json") == #"{"embedding":[0,0,1]}"#)
            #expect(read(mount + "/c/b.json") == document)
        }
    }

    @Test func aSizeAboveTheLimitIsRefused() throws {
        try withMount { mount in
            #expect(mkdir(mount + "/c", 0o755) == 0)
            #expect(write(document, to: mount + "/c/a.json") == 0)
            #expect(truncate(mount + "/c/a.json", 1 << 30) == -1 && errno == EFBIG)
            #expect(read(mount + "/c/a.json") == document)
        }
    }

    @Test func anOldHandleReadsTheNewestVersion() throws {
        try withMount { mount in
            #expect(mkdir(mount + "/c", 0o755) == 0)
            #expect(write(document, to: mount + "/c/a.json") == 0)
            let descriptor = open(mount + "/c/a.json", O_RDONLY)
            defer { close(descriptor) }
            var buffer = [UInt8](repeating: 0, count: 100)
            for number in 1...20 {
                #expect(pread(descriptor, &buffer, buffer.count, 0) > 0)
                let next = #"{"embedding":[1,0,\#(number)]}"#
                #expect(write(next, to: mount + "/c/a.json") == 0)
                let count = pread(descriptor, &buffer, buffer.count, 0)
                #expect(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self) == next)
                #expect(read(mount + "/c/a.json") == next)
            }
        }
    }

    @Test func theMountEndsWhileAFileIsOpen() throws {
        var descriptor: Int32 = -1
        try withMount { mount in
            #expect(mkdir(mount + "/c", 0o755) == 0)
            #expect(write(document, to: mount + "/c/a.json") == 0)
            descriptor = open(mount + "/c/a.json", O_RDWR)
        }
        var byte: UInt8 = 0
        #expect(pread(descriptor, &byte, 1, 0) == -1 && errno == ENOTCONN)
        close(descriptor)
    }

    @Test func filesCannotBeInTheRoot() throws {
        try withMount { mount in
            #expect(write("x", to: mount + "/x.txt") == EPERM)
            #expect(mkdir(mount + "/query", 0o755) == -1 && errno == EEXIST)
        }
    }
}
