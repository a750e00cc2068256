import TestSupport

/// The program that writes while the daemon is killed; one process per writer.
///
/// It appends `begin OPERATION` to its log before and `end` after each acknowledged operation; the log is on
/// another file
/// system. A writer owns the names that begin with its number, so its log alone says what must be there.
enum CrashWriter {
    static let program = """
        import os, random, sys
        folder, log_path, writer, synced = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == 'sync'
        log = open(log_path, 'a', buffering=1)
        chance = random.Random(writer * 1000 + int(sys.argv[5]))
        versions = {}
        names = []

        def content(number, version):
            filler = chr(97 + version % 26) * (50 + (number * 7919 + version * 104729) % 9000)
            return '{"vector": [%d, %d, %d], "text": "%s"}' % (writer, number, version, filler)

        def put(path, text):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            try:
                data = text.encode()
                half = len(data) // 2
                os.write(descriptor, data[:half])
                os.write(descriptor, data[half:])
                if synced:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)

        def do(words, action):
            log.write('begin %s\\n' % words)
            action()
            log.write('end\\n')

        version = 0
        while True:
            version += 1
            dice = chance.random()
            if dice < 0.55 or not names:
                number = len(versions)
                versions[number] = True
                names.append(number)
                path = '%s/w%d-%d.json' % (folder, writer, number)
                do('put %d %d' % (number, version), lambda: put(path, content(number, version)))
            elif dice < 0.75:
                number = chance.choice(names)
                path = '%s/w%d-%d.json' % (folder, writer, number)
                do('put %d %d' % (number, version), lambda: put(path, content(number, version)))
            elif dice < 0.9:
                number = chance.choice(names)
                path = '%s/w%d-%d.json' % (folder, writer, number)
                def replace():
                    put(path + '.tmp', content(number, version))
                    os.rename(path + '.tmp', path)
                    if synced:
                        descriptor = os.open(path, os.O_RDONLY)
                        os.fsync(descriptor)
                        os.close(descriptor)
                do('put %d %d' % (number, version), replace)
            elif not synced:
                number = names.pop(chance.randrange(len(names)))
                do('del %d 0' % number, lambda: os.unlink('%s/w%d-%d.json' % (folder, writer, number)))
        """

    /// The bytes that writer `writer` puts into its file `number` as version `version`.
    static func content(_ writer: Int, _ number: Int, _ version: Int) -> String {
        let letter = String(UnicodeScalar(UInt8(97 + version % 26)))
        let filler = String(repeating: letter, count: 50 + (number * 7919 + version * 104_729) % 9000)
        return "{\"vector\": [\(writer), \(number), \(version)], \"text\": \"\(filler)\"}"
    }
}

/// What one writer's log says must be there.
struct WriterRecord {
    /// The version of each file after the last acknowledged operation; absent where it was deleted.
    var versions: [Int: Int] = [:]
    /// The operation that was begun and not acknowledged: it may have happened or not.
    var open: (number: Int, version: Int?)?
    /// How many operations were acknowledged.
    var acknowledged = 0

    init(log: String) throws {
        for line in log.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "end", let done = open {
                versions[done.number] = done.version
                open = nil
                acknowledged += 1
            } else if words.count == 4, let number = Int(words[2]), let version = Int(words[3]) {
                open = (number, words[1] == "put" ? version : nil)
            }
        }
    }

    /// The versions that a file may have; nil stands for its absence.
    func allowed(_ number: Int) -> [Int?] {
        let settled = versions[number]
        guard let open, open.number == number else { return [settled] }
        return [settled, open.version]
    }
}
