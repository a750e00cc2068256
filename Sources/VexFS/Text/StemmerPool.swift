import CStemmer
import Synchronization

/// Snowball stemmers of one language. libstemmer's objects serve one thread at a time, so they are lent.
///
/// - Source: M. F. Porter, "Snowball: A language for stemming algorithms", https://snowballstem.org.
final class StemmerPool: Sendable {
    /// A stemmer that one thread has at a time.
    struct Lease: @unchecked Sendable {
        // In the pool's list or with one borrower, never both, so no two threads use it at once.
        fileprivate let stemmer: OpaquePointer

        /// Replaces a word with its stem.
        func stem(_ word: inout [UInt8]) {
            let stem = word.withUnsafeBufferPointer { word -> UnsafeBufferPointer<UInt8>? in
                guard let size = Int32(exactly: word.count),
                    let stem = sb_stemmer_stem(stemmer, word.baseAddress, size)
                else { return nil }
                // Valid until the stemmer is used again.
                return UnsafeBufferPointer(start: stem, count: Int(sb_stemmer_length(stemmer)))
            }
            guard let stem else { return }
            word.removeAll(keepingCapacity: true)
            word.append(contentsOf: stem)
        }
    }

    private let language: TextOptions.Stemmer
    private let idle: Mutex<[Lease]>

    /// - Throws: `invalidConfiguration` where the installed libstemmer does not know the language.
    init(_ language: TextOptions.Stemmer) throws(VexFSError) {
        self.language = language
        guard let first = Self.make(language) else {
            throw VexFSError(
                .invalidConfiguration,
                "the installed libstemmer has no stemmer for \(language.rawValue); choose another language or none")
        }
        idle = Mutex([first])
    }

    deinit {
        idle.withLock { leases in
            for lease in leases { sb_stemmer_delete(lease.stemmer) }
        }
    }

    /// A stemmer for the caller alone, until it is given back; nil only without memory.
    func take() -> Lease? { idle.withLock { $0.popLast() } ?? Self.make(language) }

    /// Takes a stemmer back.
    func give(_ lease: Lease) { idle.withLock { $0.append(lease) } }

    private static func make(_ language: TextOptions.Stemmer) -> Lease? {
        sb_stemmer_new(language.rawValue, "UTF_8").map(Lease.init)
    }
}
