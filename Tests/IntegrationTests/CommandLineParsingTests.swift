import Foundation
import TestSupport
import Testing
import VexFS

@testable import vexfs_fuse

/// The parts of the command line that can be tried one by one.
@Suite struct CommandLineParsingTests {
    @Test func mountinfoIsTakenApart() {
        let text = """
            36 35 98:0 / /mnt/a\\040b rw,noatime master:1 - fuse.vexfs /store\\134x rw,user_id=0
            37 35 98:0 / /mnt/c ro,nosuid - fuse.vexfs /s ro
            38 35 98:0 / /mnt/d rw - ext4 /dev/sda rw
            39 35 98:0 / /mnt/c rw shared:1 propagate_from:2 - fuse.vexfs /t rw
            broken line
            """
        let entries = MountTable.parse(text)
        #expect(entries.map(\.mountpoint) == ["/mnt/a b", "/mnt/c", "/mnt/c"])
        #expect(entries.map(\.store) == ["/store\\x", "/s", "/t"])
        #expect(entries.map(\.isReadOnly) == [false, true, false])
        // The topmost of two mounts on one directory is the one that is seen.
        #expect(MountTable.entry(at: "/mnt/c", in: entries)?.store == "/t")
        #expect(MountTable.entry(ofStore: "/s", in: entries)?.mountpoint == "/mnt/c")
    }

    @Test func whatMountPassesIsAccepted() throws {
        var options = MountOptionList()
        try options.add("ro,noatime,allow_other,dev,suid")
        try options.add("rw,nodev,relatime,x-systemd.automount,x-foo=bar,_netdev,comment=hello,,")
        #expect(!options.readOnly && options.allowOther && options.kernelOptions == ["noatime"])
    }

    @Test func ownOptionsHaveBothSpellings() throws {
        var options = MountOptionList()
        try options.add(
            "entry_timeout=2.5,attr-timeout=0,log_level=debug,model=/a\\,b,precision=f32,threads=3,auto_unmount")
        #expect(options.entryTimeoutSeconds == 2.5 && options.attributeTimeoutSeconds == 0)
        #expect(options.logLevel == .debug && options.model == "/a,b" && options.precision == .f32)
        #expect(options.workerThreads == 3 && options.autoUnmount)
    }

    static let badOptions = [
        "colour", "colour=1", "model=", "precision=f16", "threads=x", "entry_timeout=-1", "entry_timeout=inf",
        "attr_timeout=",
        "log-level=", "log-format=yaml", "max_read=many", "ro=1",
    ]

    @Test(arguments: badOptions)
    func badOptionsAreUsageErrors(option: String) {
        var options = MountOptionList()
        let failure = #expect(throws: Failure.self) { try options.add("rw," + option) }
        #expect(failure?.code == .usage)
    }

    @Test func stringsAreReadAsJSON() {
        let good = [
            (#""plain""#, "plain"), (#"  "a\"b\\\/" "#, "a\"b\\/"), (#""\b\f\n\r\t""#, "\u{8}\u{C}\n\r\t"),
            (#""\u00e9\uD83D\uDE00\u0000""#, "é😀\u{0}"), (#""""#, ""), ("\"é😀\"", "é😀"), ("\"a\"\r", "a"),
        ]
        for (line, text) in good { #expect(JSONText.string(line.utf8) == text, "\(line)") }
        let bad = [
            "", "a", "\"", "\"a", "a\"", "\"a\" b", "'a'", "1", "null", "[\"a\"]", "\"\\x\"", "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"a\tb\"", "\"a\\\"",
        ]
        for line in bad { #expect(JSONText.string(line.utf8) == nil, "\(line)") }
        #expect(JSONText.string([0x22, 0xFF, 0x22]) == nil)
    }

    @Test func stringsAreWrittenAsJSON() throws {
        let text = "a\"b\\c\nd\te\r\u{1}é😀"
        let data = Data("[\(JSONText.quoted(text))]".utf8)
        #expect(try JSONSerialization.jsonObject(with: data) as? [String] == [text])
        #expect(JSONText.string(JSONText.quoted(text).utf8) == text)
    }

    @Test func vectorsReadBackExactly() throws {
        var generator = SeededGenerator.announced(for: "vectorsReadBackExactly")
        var vector = (0..<1000).map { _ in Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator)) }
        vector = vector.filter(\.isFinite) + [0, -0.0, 1, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e-5]
        let parsed = try JSONSerialization.jsonObject(with: Data(JSONText.array(vector).utf8)) as? [NSNumber]
        #expect(parsed?.map { Float($0.doubleValue) } == vector)
    }

    @Test func pathsAreQuotedForAShell() throws {
        for path in ["/a/b", "/a b", "it's", "$(x)", "", "a\nb", "-", "é"] {
            let echoed = try run(["sh", "-c", "printf %s \(FilePath.quoted(path))"])
            #expect(echoed.text == path)
        }
        #expect(FilePath.quoted("/plain-1.2_3") == "/plain-1.2_3")
    }

    @Test func oneDirectoryIsInsideAnother() {
        #expect(
            FilePath.isAtOrBelow("/a/b", "/a") && FilePath.isAtOrBelow("/a", "/a") && FilePath.isAtOrBelow("/a", "/"))
        #expect(!FilePath.isAtOrBelow("/ab", "/a") && !FilePath.isAtOrBelow("/a", "/a/b"))
    }

    @Test func searchesBecomeQueryPaths() throws {
        var arguments = ParsedArguments()
        arguments.operands = ["s", "c", "50% of a/b = c"]
        #expect(try SearchVerb.segments(arguments) == ["text=50%25 of a%2Fb = c.jsonl"])
        arguments.options = [("limit", "3"), ("where", "lang:en,path:a/b"), ("format", "ids"), ("min", "0.5")]
        #expect(
            try SearchVerb.segments(arguments)
                == ["k=3,min=0.5", "where=lang:en,path:a%2Fb", "text=50%25 of a%2Fb = c.ids"])
        for (name, value) in [("limit", "0"), ("limit", "x"), ("format", "xml"), ("min", "high")] {
            arguments.options = [(name, value)]
            #expect(throws: Failure.self) { try SearchVerb.segments(arguments) }
        }
    }

    @Test func linesComeInBatchesWithoutWaiting() throws {
        let pipe = try vexfs_fuse.Pipe()
        defer { close(pipe.reading) }
        _ = Terminal.writeAll(Array("one\ntwo\nthree\nhalf".utf8), to: pipe.writing)
        var reader = LineReader(descriptor: pipe.reading)
        #expect(reader.nextBatch(limit: 2).map { String(decoding: $0, as: UTF8.self) } == ["one", "two"])
        // The writer is still there and has more to say; the line that is whole is not kept waiting for it.
        #expect(reader.nextBatch(limit: 2).map { String(decoding: $0, as: UTF8.self) } == ["three"])
        _ = Terminal.writeAll(Array(" and half".utf8), to: pipe.writing)
        close(pipe.writing)
        #expect(reader.nextBatch(limit: 2).map { String(decoding: $0, as: UTF8.self) } == ["half and half"])
        #expect(reader.nextBatch(limit: 2).isEmpty && reader.failure == nil)
    }

    @Test func serviceManagersAreTold() throws {
        let directory = try makeTemporaryDirectory()
        defer { removeTree(directory) }
        for name in [directory + "/notify", "@vexfs-test-\(getpid())"] {
            let socket = try NotifySocket(name)
            #expect(ServiceNotification.send("READY=1", to: name))
            #expect(socket.receive() == "READY=1")
        }
        #expect(!ServiceNotification.send("READY=1", to: directory + "/nobody"))
        #expect(!ServiceNotification.send("READY=1", to: "relative"))
        #expect(!ServiceNotification.send("READY=1", to: "/" + String(repeating: "x", count: 200)))
    }

    @Test func exitCodesAreTakenOnce() {
        #expect(Set(ExitCode.allCases.map(\.meaning)).count == ExitCode.allCases.count)
        #expect(ExitCode(VexFSError(.newerFormat, "")) == .newerFormat)
        #expect(ExitCode(VexFSError(.busy, "")) == .storeInUse)
        #expect(ExitCode(VexFSError(.corruption, "")) == .corruptionFound)
        #expect(ExitCode(VexFSError(.modelMissing, "")) == .modelMissing)
        #expect(ExitCode(VexFSError(.inputOutput, "")) == .failure)
    }
}
