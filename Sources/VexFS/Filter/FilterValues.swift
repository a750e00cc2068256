/// What the readers of several languages have in common: the bounds of ranges, ids, slices and areas.
enum FilterValues {
    private static func error(_ place: String, _ problem: String) -> VexFSError {
        VexFSError(.invalidFilter, "\(place) \(problem)")
    }

    /// A list of ids: numbers and strings; a UUID in any spelling is also looked for in its canonical one.
    static func ids(_ json: JSON, at place: String) throws(VexFSError) -> Set<ByteString> {
        guard case .array(let items) = json else { throw error(place, "is \(json.kindName), and must be an array") }
        var ids: Set<ByteString> = []
        for (index, item) in items.enumerated() {
            switch item {
            case .integer(let number) where number >= 0: ids.insert(ByteString(String(number)))
            case .string(let text):
                ids.insert(ByteString(text))
                if let uuid = PayloadUUID(text) { ids.insert(ByteString(uuid.description)) }
            default:
                throw error(
                    "\(place)[\(index)]",
                    "is no id: a string, or a number from 0 (in quotes above \(Int64.max))")
            }
        }
        return ids
    }

    /// `{"total": 4, "index": 0}`.
    static func slice(_ json: JSON, at place: String) throws(VexFSError) -> DocumentSlice {
        let members = json.members ?? []
        guard members.allSatisfy({ $0.key == "total" || $0.key == "index" }),
            let total = json["total"]?.integerValue.flatMap(UInt32.init(exactly:)),
            let index = json["index"]?.integerValue.flatMap(UInt32.init(exactly:)),
            let slice = DocumentSlice(index: index, total: total)
        else { throw error(place, #"is not {"total": N, "index": I} with I from 0 to N - 1"#) }
        return slice
    }

    /// `{"gte": 1, "lt": 5}` with counts.
    static func counts(_ json: JSON, at place: String) throws(VexFSError) -> Filter.Range {
        guard let members = json.members else { throw error(place, "is \(json.kindName), and must be an object") }
        var range = Filter.Range()
        for member in members where !member.value.isNull {
            guard let bound = FilterBound(rawValue: member.key) else {
                throw error("\(place).\(member.key)", "is not known; a count has lt, gt, lte and gte")
            }
            guard case .integer(let count) = member.value, count >= 0 else {
                throw error("\(place).\(member.key)", "is not a whole number from 0")
            }
            range.set(bound, .integer(count))
        }
        return range
    }
}

/// The sides of a range.
enum FilterBound: String {
    case greater = "gt"
    case atLeast = "gte"
    case less = "lt"
    case atMost = "lte"
}

extension Filter.Range {
    mutating func set(_ bound: FilterBound, _ value: Filter.Value) {
        switch bound {
        case .greater: greater = value
        case .atLeast: atLeast = value
        case .less: less = value
        case .atMost: atMost = value
        }
    }
}

extension Filter.TimeRange {
    mutating func set(_ bound: FilterBound, _ time: PayloadTime) {
        switch bound {
        case .greater: greater = time
        case .atLeast: atLeast = time
        case .less: less = time
        case .atMost: atMost = time
        }
    }
}

/// Areas as Qdrant and VexFS write them.
extension GeoArea {
    /// `{"center": {"lon": 13.4, "lat": 52.5}, "radius": 1000}`, in metres.
    init(radius json: JSON, at place: String) throws(VexFSError) {
        try Self.only(["center", "radius"], in: json, at: place)
        guard let metres = json["radius"]?.numberValue, metres >= 0 else {
            throw Self.error("\(place).radius", "is not a number of metres")
        }
        self = .radius(center: try Self.point(json["center"], at: "\(place).center"), metres: metres)
    }

    /// `{"top_left": {"lon": 13, "lat": 53}, "bottom_right": {"lon": 14, "lat": 52}}`.
    init(box json: JSON, at place: String) throws(VexFSError) {
        try Self.only(["top_left", "bottom_right"], in: json, at: place)
        let northWest = try Self.point(json["top_left"], at: "\(place).top_left")
        let southEast = try Self.point(json["bottom_right"], at: "\(place).bottom_right")
        self = .box(
            west: northWest.longitude, south: southEast.latitude, east: southEast.longitude, north: northWest.latitude)
    }

    /// `{"exterior": {"points": [{"lon": 0, "lat": 0}, …]}, "interiors": [{"points": […]}]}`; rings end where they
    /// begin.
    init(polygon json: JSON, at place: String) throws(VexFSError) {
        try Self.only(["exterior", "interiors"], in: json, at: place)
        let exterior = try Self.ring(json["exterior"], at: "\(place).exterior")
        var interiors: [[GeoPoint]] = []
        let holes = json["interiors"] ?? .null
        guard holes.isNull || holes.arrayValue != nil else { throw Self.error("\(place).interiors", "is not an array") }
        for (index, hole) in (holes.arrayValue ?? []).enumerated() {
            interiors.append(try Self.ring(hole, at: "\(place).interiors[\(index)]"))
        }
        let count = interiors.reduce(exterior.count) { $0 + $1.count }
        guard count <= Self.maximumPoints else {
            throw Self.error(place, "has \(count) points, and \(Self.maximumPoints) is the most")
        }
        self = .polygon(exterior: exterior, interiors: interiors)
    }

    /// The most points of a polygon: each document at its edge is compared with all of them.
    static var maximumPoints: Int { 16_384 }

    private static func error(_ place: String, _ problem: String) -> VexFSError {
        VexFSError(.invalidFilter, "\(place) \(problem)")
    }

    private static func only(_ keys: Set<String>, in json: JSON, at place: String) throws(VexFSError) {
        guard let members = json.members else { throw error(place, "is \(json.kindName), and must be an object") }
        for member in members where !keys.contains(member.key) {
            throw error("\(place).\(member.key)", "is not known; there are \(keys.sorted().joined(separator: ", "))")
        }
    }

    private static func point(_ json: JSON?, at place: String) throws(VexFSError) -> GeoPoint {
        guard let longitude = json?["lon"]?.numberValue, let latitude = json?["lat"]?.numberValue,
            let point = GeoPoint(longitude: longitude, latitude: latitude)
        else { throw error(place, #"is no place: write {"lon": -180 to 180, "lat": -90 to 90}"#) }
        return point
    }

    private static func ring(_ json: JSON?, at place: String) throws(VexFSError) -> [GeoPoint] {
        guard case .array(let items)? = json?["points"] else { throw error(place, "has no points") }
        var points: [GeoPoint] = []
        for (index, item) in items.enumerated() {
            points.append(try point(item, at: "\(place).points[\(index)]"))
        }
        guard points.count >= 4, points.first == points.last else {
            throw error(place, "is no ring: it needs four points at least, of which the last is the first again")
        }
        return points
    }
}
