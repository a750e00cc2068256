import VexFS

/// Embeddings by what they are of: least recently used out first, equal keys in flight computed once.
final class EmbeddingCache: Sendable {
    /// SHA-256 over space, role and text.
    struct Key: Hashable, Sendable {
        let digest: [UInt8]

        init(space: EmbeddingSpace, role: EmbeddingRole, text: String) {
            var hash = SHA256()
            hash.update("\(space.id)\n\(role == .query ? "query" : "document")\n".utf8)
            hash.update(text.utf8)
            digest = hash.finish()
        }
    }

    /// An embedding that somebody is computing.
    final class Pending: Sendable {
        private let result = Waitable<Result<Embedding, VexFSError>?>(nil)

        func finish(_ value: Result<Embedding, VexFSError>) {
            result.withLock { $0 = value }
            result.wakeAll()
        }

        func wait() throws(VexFSError) -> Embedding {
            let value = result.wait(until: { $0 != nil }) { $0 }
            guard let value else { throw VexFSError(.embedderUnavailable, "The embedding was given up.") }
            return try value.get()
        }
    }

    /// What a lookup found.
    enum Found {
        case ready(Embedding)
        /// Another caller computes it: wait for it after finishing one's own.
        case pending(Pending)
        /// The caller must compute it and call `finish`.
        case absent(Pending)
    }

    fileprivate struct Entry {
        var embedding: Embedding
        var newer: Key?
        var older: Key?
    }

    fileprivate struct State {
        var entries: [Key: Entry] = [:]
        var pending: [Key: Pending] = [:]
        var newest: Key?
        var oldest: Key?
    }

    private let state = Waitable(State())
    private let capacity: Int

    /// Creates a cache.
    /// - Parameter byteLimit: what the vectors, keys and links may take together.
    init(byteLimit: Int, dimension: Int) {
        // A vector, a key of 32 bytes in three places with their array headers, and the dictionary's share.
        capacity = byteLimit / (dimension * MemoryLayout<Float>.size + 384)
    }

    /// The number of embeddings held.
    var count: Int { state.withLock { $0.entries.count } }

    /// Looks a key up and, where it is absent, makes the caller the one who computes it.
    func look(up key: Key) -> Found {
        state.withLock { state in
            if let entry = state.entries[key] {
                state.moveToFront(key)
                return .ready(entry.embedding)
            }
            if let pending = state.pending[key] { return .pending(pending) }
            let pending = Pending()
            state.pending[key] = pending
            return .absent(pending)
        }
    }

    /// Ends what `look` began: keeps a success, and gives the result to all who wait for it.
    func finish(_ key: Key, _ pending: Pending, _ result: Result<Embedding, VexFSError>) {
        state.withLock { state in
            state.pending[key] = nil
            guard case .success(let embedding) = result, capacity > 0 else { return }
            state.insert(key, embedding)
            while state.entries.count > capacity, let oldest = state.oldest { state.remove(oldest) }
        }
        pending.finish(result)
    }
}

extension EmbeddingCache.State {
    fileprivate mutating func insert(_ key: EmbeddingCache.Key, _ embedding: Embedding) {
        if entries[key] != nil { remove(key) }
        entries[key] = EmbeddingCache.Entry(embedding: embedding, newer: nil, older: newest)
        if let newest { entries[newest]?.newer = key }
        newest = key
        if oldest == nil { oldest = key }
    }

    fileprivate mutating func remove(_ key: EmbeddingCache.Key) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        if let newer = entry.newer { entries[newer]?.older = entry.older } else { newest = entry.older }
        if let older = entry.older { entries[older]?.newer = entry.newer } else { oldest = entry.newer }
    }

    fileprivate mutating func moveToFront(_ key: EmbeddingCache.Key) {
        guard newest != key, let entry = entries[key] else { return }
        remove(key)
        insert(key, entry.embedding)
    }
}
