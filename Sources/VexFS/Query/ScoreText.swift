/// Scores as answers show them: the shortest decimal with at most six places, never with an exponent below 10¹².
enum ScoreText {
    static func of(_ score: Double) -> String {
        guard score.isFinite else { return "null" }
        guard abs(score) < 1e12 else { return "\(score)" }
        let millionths = Int64((abs(score) * 1e6).rounded())
        let sign = score < 0 && millionths != 0 ? "-" : ""
        let whole = "\(sign)\(millionths / 1_000_000)"
        var places = String(millionths % 1_000_000)
        guard places != "0" else { return whole }
        places = String(repeating: "0", count: 6 - places.count) + places
        while places.last == "0" { places.removeLast() }
        return "\(whole).\(places)"
    }
}
