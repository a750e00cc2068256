import Foundation
import TestSupport
import Testing

/// What people do with the tools they have. Every script runs in a collection of its own, with `set -e`.
@Suite struct ToolTests {
    /// Runs a bash script in the collection and expects it to succeed.
    @discardableResult
    func script(_ text: String, in collection: TestPath, sourceLocation: SourceLocation = #_sourceLocation) throws
        -> CommandResult
    {
        let result = try run(
            ["bash", "-c", "set -e -o pipefail\n" + text], in: collection.string, environment: Self.identity)
        #expect(result.status == 0, "\(result.text)\(result.errorText)", sourceLocation: sourceLocation)
        return result
    }

    static let identity = [
        "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": "/nonexistent",
        "TERM": "dumb",
    ]

    /// A directory outside the mount with documents, folders, scratch files and binary files.
    static func tree() throws -> TestPath {
        let root = TestPath(try makeTemporaryDirectory())
        for folder in ["tree", "tree/sub", "tree/sub/deep", "tree/empty"] { try (root / folder).makeDirectory() }
        for index in 0..<30 {
            let folder = ["", "sub/", "sub/deep/"][index % 3]
            try (root / "tree/\(folder)d\(index).json").write(document([Float(index), 1, 0], text: "number \(index)"))
        }
        try (root / "tree/sub/image.bin").write((0..<10_000).map { UInt8(truncatingIfNeeded: $0 | 0x80) })
        try (root / "tree/.hidden").write("hidden")
        try (root / "tree/link").makeSymlink(to: "sub/d1.json")
        return root
    }

    /// "bash redirections work: `>`, `>>`, `<`, `<>`, `>|` and here-documents."
    @Test func redirections() throws {
        let collection = try SharedMount.collection()
        let result = try script(
            """
            set -o noclobber
            echo '{"vector":[1,0]}' > a.json
            ! echo '{"vector":[0,1]}' > a.json
            echo '{"vector":[0,1]}' >| a.json
            cat < a.json
            cat > b.json <<END
            {"vector":[1,1]}
            END
            printf one > x.tmp; printf two >> x.tmp; cat x.tmp; echo
            exec 3<> a.json; read -r line <&3; exec 3>&-; echo "$line"
            """, in: collection)
        #expect(result.lines == ["{\"vector\":[0,1]}", "onetwo", "{\"vector\":[0,1]}"])
        #expect(try collection.searchIDs([1, 1], options: "k=1") == ["b"])
    }

    /// "`cp -r` in, `diff -r`, `cp -r` out: nothing differs."
    @Test func copying() throws {
        let (collection, source) = (try SharedMount.collection(), try Self.tree())
        defer { removeTree(source.string) }
        try script(
            """
            cp -r '\(source)/tree' .
            diff -r --no-dereference '\(source)/tree' tree
            cp -a tree '\(source)/back'
            diff -r --no-dereference '\(source)/tree' '\(source)/back'
            """, in: collection)
        #expect(try collection.searchIDs([29, 1, 0], options: "k=1") == ["tree/sub/deep/d29"])
        #expect(try collection.search([1, 1, 0], options: "k=100").count == 30)
    }

    /// "`mv` moves files and folders in, within and out; `rm -r` removes a tree."
    @Test func movingAndRemoving() throws {
        let (collection, source) = (try SharedMount.collection(), try Self.tree())
        defer { removeTree(source.string) }
        try script(
            """
            cp -r '\(source)/tree' '\(source)/copy'
            mv '\(source)/copy' in
            mv in/sub moved
            mv moved/d1.json renamed.json
            mv moved '\(source)/out'
            test "$(ls '\(source)/out' | wc -l)" = 11
            rm -r in
            """, in: collection)
        #expect(try collection.list() == ["renamed.json"])
        #expect(try collection.searchIDs([1, 1, 0]) == ["renamed"])
    }

    /// "`sed -i` changes a document in place."
    @Test func sed() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0], text: "before"))
        try script("sed -i 's/before/after/' a.json", in: collection)
        #expect(try collection.search([1, 0]).map(\.text) == ["after"])
        #expect(try collection.list() == ["a.json"])
        let bad = try run(["sed", "-i", "s/}//", "a.json"], in: collection.string)
        #expect(bad.status != 0)
        #expect(try collection.search([1, 0]).map(\.text) == ["after"])
    }

    /// "vim edits a document and leaves nothing behind."
    @Test(.enabled(if: isInstalled("vim")))
    func vim() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0], text: "before"))
        try script("vim -N -u NONE -i NONE -es -c '%s/before/after/' -c 'wq' a.json < /dev/null", in: collection)
        #expect(try collection.search([1, 0]).map(\.text) == ["after"])
        try script(
            "vim -N -u NONE -i NONE -es -c 'set backup' -c '%s/after/last/' -c 'wq' a.json < /dev/null", in: collection)
        #expect(try collection.search([1, 0]).map(\.text) == ["last"])
        #expect(try collection.list().filter { $0 != "a.json~" } == ["a.json"])
    }

    /// "ed edits a document."
    @Test(.enabled(if: isInstalled("ed")))
    func ed() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0], text: "before"))
        try script("printf 's/before/after/\\nw\\nq\\n' | ed -s a.json", in: collection)
        #expect(try collection.search([1, 0]).map(\.text) == ["after"])
    }

    /// "nano edits a document."
    @Test(.enabled(if: isInstalled("nano") && isInstalled("python3")))
    func nano() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.txt.tmp").write("old\n")
        // nano wants a terminal; its keys are sent when it has drawn its screen.
        let program = """
            import os, pty, sys
            child, terminal = pty.fork()
            if child == 0:
                os.environ['TERM'] = 'xterm'
                os.execvp('nano', ['nano', '-I', 'a.txt.tmp'])
            steps = [(b'Read 1 line', b'new '), (b'new', b'\\x0f'), (b'File Name', b'\\r'), (b'Wrote', b'\\x18')]
            for shown, keys in steps:
                screen = b''
                while shown not in screen:
                    screen += os.read(terminal, 4096)
                os.write(terminal, keys)
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            """
        let result = try run(
            ["python3", "-c", program], in: collection.string, environment: Self.identity, timeLimitSeconds: 20)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try (collection / "a.txt.tmp").text() == "new old\n")
        #expect(try collection.list() == ["a.txt.tmp"])
    }

    /// "`rsync -a` copies in and out, keeps times and permissions, and finds nothing to do the second time."
    @Test(.enabled(if: isInstalled("rsync")))
    func rsync() throws {
        let (collection, source) = (try SharedMount.collection(), try Self.tree())
        defer { removeTree(source.string) }
        let result = try script(
            """
            rsync -a '\(source)/tree/' .
            rsync -ai '\(source)/tree/' .
            echo changes above
            rsync -a ./ '\(source)/back/'
            diff -r --no-dereference '\(source)/tree' '\(source)/back'
            rsync -a --delete '\(source)/tree/sub/' .
            """, in: collection)
        #expect(result.lines == ["changes above"])
        #expect(try collection.list() == (source / "tree/sub").list())
        #expect(try collection.searchIDs([28, 1, 0], options: "k=1") == ["d28"])
    }

    /// "`tar` packs a collection and unpacks it again, over itself too."
    @Test func tar() throws {
        let (collection, source) = (try SharedMount.collection(), try Self.tree())
        defer { removeTree(source.string) }
        try script(
            """
            tar -C '\(source)' -cf - tree | tar xf -
            diff -r --no-dereference '\(source)/tree' tree
            tar cf '\(source)/out.tar' .
            tar xf '\(source)/out.tar'
            mkdir '\(source)/unpacked' && tar -C '\(source)/unpacked' -xf '\(source)/out.tar'
            diff -r --no-dereference '\(source)/tree' '\(source)/unpacked/tree'
            """, in: collection)
        #expect(try collection.search([1, 1, 0], options: "k=100").count == 30)
    }

    /// "git keeps a repository in a collection: init, add, commit, status, checkout and gc."
    @Test(.enabled(if: isInstalled("git")))
    func git() throws {
        let collection = try SharedMount.collection()
        let old = document([1, 0], text: "first version")
        try (collection / "a.json").write(old)
        let result = try script(
            """
            git init -q -b main . && git add a.json && git commit -q -m one
            git status --porcelain
            sed -i 's/first/second/' a.json
            git status --porcelain
            git commit -q -am two && git checkout -q HEAD~1 && git log --oneline | wc -l
            git gc -q && git fsck --strict > /dev/null 2>&1
            """, in: collection)
        #expect(result.lines == [" M a.json", "1"])
        #expect(try (collection / "a.json").text() == old)
        #expect(try collection.search([1, 0]).map(\.text) == ["first version"])
        #expect(try (collection / ".vexfs/count").lines() == ["1"])
    }

    /// "jq reads answers and writes documents."
    @Test(.enabled(if: isInstalled("jq")))
    func jq() throws {
        let collection = try quarterCircle()
        let result = try script(
            """
            jq -r .id query/k=2,like=d0/x.jsonl
            jq '.metadata.n' d4.json
            jq '.text = "changed by jq"' d4.json > .new && mv .new d4.json
            """, in: collection)
        #expect(result.lines == ["d1", "d2", "4"])
        #expect(try collection.search([0, 1], options: "where=n:4").map(\.text) == ["changed by jq"])
    }

    /// "`grep -r`, `find`, `wc`, `md5sum`, `sort` and `du` read a collection like any directory."
    @Test func readers() throws {
        let collection = try quarterCircle()
        let result = try script(
            """
            grep -rl 'number 7' .
            find . -name '*.json' -newer d0.json | wc -l
            cat *.json | wc -l
            md5sum d0.json | cut -c1-32
            sort -u d0.json d0.json | wc -l
            du -s . > /dev/null
            """, in: collection)
        #expect(result.lines.first == "./d7.json")
        #expect(result.lines.dropFirst(2).first?.trimmingCharacters(in: .whitespaces) == "10")
    }

    /// "Python reads and writes documents, and sees the errno when it closes."
    @Test(.enabled(if: isInstalled("python3")))
    func python() throws {
        let collection = try SharedMount.collection()
        try (collection / "code.tmp").write(
            """
            import errno, json, mmap, os, shutil, tempfile
            with open('a.json', 'w') as file:
                json.dump({'vector': [1, 0], 'text': 'from python'}, file)
            assert json.load(open('a.json'))['text'] == 'from python'
            try:
                with open('b.json', 'w') as file:
                    file.write('{"vector": [')
            except OSError as error:
                assert error.errno == errno.EINVAL, error
            else:
                raise AssertionError('no error')
            with open('a.json', 'rb') as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as view:
                assert view[:2] == b'{"'
            with tempfile.TemporaryDirectory() as place:
                shutil.copytree('.', place + '/copy')
            assert os.stat('a.json').st_size == len(open('a.json', 'rb').read())
            """)
        try script("python3 code.tmp", in: collection)
        #expect(try collection.search([1, 0]).map(\.text) == ["from python"])
    }

    /// "`cat`, `cp`, `tee`, `dd`, `install` and `mv` report a refused document with an exit status that is not 0."
    @Test(arguments: [
        "cat bad > a.json", "cp bad a.json", "tee a.json < bad", "dd if=bad of=a.json", "install bad a.json",
        "echo '{x}' > a.json",
    ])
    func refusals(command: String) throws {
        let collection = try SharedMount.collection("refusals")
        let source = TestPath(try makeTemporaryDirectory())
        defer { removeTree(source.string) }
        try (source / "bad").write("{\"vector\": [1, 0")
        let line = command.replacingOccurrences(of: "bad", with: "'\(source)/bad'")
        let result = try run(["bash", "-c", line], in: collection.string)
        #expect(result.status != 0)
        #expect(result.errorText.contains("Invalid argument"), "\(result.errorText)")
    }
}
