import Testing

@testable import VexFS

@Suite struct FileNamingTests {
    @Test(arguments: [
        "a.json", "notes.md", "x", "sedation", "sed12345", "sed1234567", "sedabc.de", "49130", "#hash", "a~b", "tmp",
        "part.md",
        "swp", "é.md", "query.json", "lock",
    ]) func documents(_ name: String) {
        #expect(FileNaming.kind(of: ByteString(name), inScratch: false) == .document)
        #expect(FileNaming.kind(of: ByteString(name), inScratch: true) == .scratch)
    }

    @Test(arguments: [
        ".a.json.swp", "a.json~", "#a.json#", "a.swp", "a.swx", "a.tmp", "a.json.part", "index.lock", "4913",
        "sedAb12zZ",
        ".goutputstream-X1", "._a.json", ".DS_Store", ".a.json.Xy12zZ", ".git", "~", "##",
    ]) func scratch(_ name: String) {
        #expect(FileNaming.kind(of: ByteString(name), inScratch: false) == .scratch)
    }

    @Test func formats() {
        #expect(FileNaming.format(of: "a.json") == .json)
        #expect(FileNaming.format(of: "a.md") == .markdown)
        #expect(FileNaming.format(of: "a.txt") == .text)
        #expect(FileNaming.format(of: "a.json.txt") == .text)
        #expect(FileNaming.format(of: "json") == .text)
    }

    @Test(arguments: [
        ("a.json", "a"), ("notes.md", "notes.md"), ("sub/a.json", "sub/a"), ("sub/dir/x.md", "sub/dir/x.md"),
        ("a%2Fb.json", "a/b"), ("100%.md", "100%.md"), ("a%FFb.md", "a%FFb.md"), ("%2E.json", "."),
        ("a.json.json", "a.json"),
    ]) func identifiers(_ path: String, _ id: ByteString) {
        #expect(FileNaming.identifier(ofPath: path) == id)
        #expect(FileNaming.candidatePaths(forID: id).contains(path) || path.contains("%FF"))
    }

    @Test(
        arguments: [
            ("7", "7.json"), ("a/b", "a%2Fb.json"), (".x", "%2Ex.json"), ("50%", "50%25.json"), ("a\u{1}", "a%01.json"),
            ("query", "query.json"), ("..", "%2E..json"), ("a b", "a b.json"), ("~x", "%7Ex.json"),
        ] as [(ByteString, ByteString)]) func names(_ id: ByteString, _ name: ByteString)
    {
        #expect(FileNaming.name(forID: id) == name)
    }

    @Test func longIDsAreHashed() {
        let name = FileNaming.name(forID: ByteString(String(repeating: "x", count: 300)))
        #expect(FileNaming.isHashed(name))
        #expect(name.count == 38)
        #expect(!FileNaming.isHashed(FileNaming.name(forID: ByteString("~" + String(repeating: "a", count: 32)))))
        #expect(FileNaming.isHashed(FileNaming.name(forID: "")))
        #expect(FileNaming.name(forID: ByteString(String(repeating: "x", count: 245))).count == 250)
    }

    @Test func everyIDSurvivesItsName() throws {
        let seed: UInt64 = 41
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "a", "/", "%", ".", "~", "#", "\u{0}", "\u{1F}", "\u{7F}", "é", "\u{1F600}", "%2F", ".json", ".tmp",
            "query",
            "4913", "sed123456", " ", "..", "x.swp",
        ]
        for _ in 0..<6000 {
            let count = Int.random(in: 1...(Bool.random(using: &generator) ? 4 : 60), using: &generator)
            let id = ByteString((0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined())
            let name = FileNaming.name(forID: id)
            #expect(throws: Never.self) { try FileNaming.check(name) }
            #expect(FileNaming.kind(of: name, inScratch: false) == .document)
            #expect(FileNaming.format(of: name) == .json)
            #expect(FileNaming.candidatePaths(forID: id).first == name.string)
            if !FileNaming.isHashed(name) { #expect(FileNaming.identifier(ofPath: name.string) == id) }
        }
    }

    @Test(arguments: [
        ("query", VexFSError.Code.notPermitted), (".vexfs", .notPermitted), (".by", .notPermitted),
        (".overview.md", .notPermitted), ("", .invalidName), (".", .invalidName), ("..", .invalidName),
        ("a/b", .invalidName), ("a\u{0}", .invalidName), (String(repeating: "x", count: 256), .nameTooLong),
    ]) func refusedNames(_ name: String, _ code: VexFSError.Code) {
        let error = #expect(throws: VexFSError.self) { try FileNaming.check(ByteString(name)) }
        #expect(error?.code == code)
    }

    @Test func namesAreBytes() throws {
        #expect(throws: VexFSError.self) { try FileNaming.check(bytes: [0x61, 0xFF]) }
        #expect(try FileNaming.check(bytes: Array("tab\there".utf8)) == "tab\there")
    }
}
