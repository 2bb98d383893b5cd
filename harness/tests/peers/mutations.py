"""Another judge of the rules about geometry, on shapely and numpy. Shares no code with Palisade.

mutations.py BOOK    reads layouts as JSON lines {"site", "kit"} in local metres and answers each with a line
                     {"close": [rules], "rules": {rule: {"holds", "figure"}}}

Each rule is asked three times: as it stands, a little more strictly and a little more leniently. A rule whose three
answers are not the same is close: 1 cm of length, 0.1 degrees, 0.2 % of pixel density, 5 % of light decide it. So is one
that a patch no larger than a body decides: half a metre of wall or two square metres of ground that nobody sees, half a
square metre of a window that somebody does.
"""

import json
import sys
import tomllib

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.affinity import translate

LENGTH, ANGLE, DENSITY, LIGHT = 0.01, 0.1, 0.002, 0.05
# What the rules' texts leave open, as Palisade documents it.
CHEST, BEFORE_DOOR, AIM_WITHIN = 1.5, 1.0, 30.0
ASIDE, BEND, UNDER, POST, CORNER, LOST = 0.5, 30.0, 0.5, 0.15, 1.0, 0.8
# Windows: one each so many metres of facade and on each storey; width, height, sill, wall above, glass before the wall.
PITCH, WIDE, TALL, SILL, LINTEL, GLASS = 3.3, 1.8, 1.5, 1.0, 0.2, 0.05
# The sky of a town by night, lx, and the ground about the site that is looked at, m.
SKY, MARGIN = 0.02, 20.0
WALL_FOR_OUTLINE, BUILDING_FOR_OUTLINE, FREE_END, SHORT = 10.0, 3.0, 3.0, 1.0


def xy(point):
    return (point["x"], point["y"]) if isinstance(point, dict) else tuple(point)


def line_of(points):
    return LineString([xy(p) for p in points])


def polygon_of(outline):
    return Polygon([xy(p) for p in outline["exterior"]], [[xy(p) for p in ring] for ring in outline["interiors"]])


def unit(a, b):
    way = np.subtract(b, a)
    return way / np.hypot(*way)


def bearing(degrees):
    return np.array([np.sin(np.radians(degrees)), np.cos(np.radians(degrees))])


def between(a, b):
    """Angle between two directions, degrees."""
    cos = np.dot(a, b) / (np.hypot(*a) * np.hypot(*b))
    return float(np.degrees(np.arccos(np.clip(cos, -1, 1))))


class Close(Exception):
    """Too close to tell."""


class Layout:
    def __init__(self, given):
        site, self.kit = given["site"], given["kit"]
        self.outlines = [polygon_of(c["outline"]) for c in site["compounds"]]
        self.buildings = {b["id"]: dict(b, shape=polygon_of(b["outline"])) for b in site["buildings"]}
        self.walls = [dict(w, shape=line_of(w["line"])) for w in site["walls"]]
        self.rim = [w for w in self.walls if w["perimeter"] and w["made_of"] != "retaining"]
        self.gates = [dict(g, at=xy(g["at"])) for g in site["gates"]]
        self.entrances = [dict(e, at=xy(e["at"])) for e in site["entrances"]]
        self.areas = [dict(a, shape=polygon_of(a["outline"])) for a in site["areas"]]
        self.lamps = [np.array([*xy(l["at"]), l["height_m"], l["flux_lm"]]) for l in site["lamps"]]
        self.cameras = self.kit["camera"]
        self.hiding = {s: self.things(s) for s in (-1, 0, 1)}

    def openings(self, grow=0.0):
        return shapely.union_all([Point(g["at"]).buffer(g["width_m"] / 2 + grow, 64) for g in self.gates])

    def things(self, slack):
        """What hides: footprint, height. Stricter means more of it."""
        grow = -slack * LENGTH
        out = [(b["shape"].buffer(grow, join_style="mitre"), b["height_m"] + grow) for b in self.buildings.values()]
        for wall in self.walls:
            if wall["made_of"] != "fence":
                standing = wall["shape"].difference(self.openings(-grow))
                out.append((standing, wall["height_m"] + grow))
        for shape, _ in out:
            shapely.prepare(shape)
        return out

    # Sight.

    def picture(self, camera, points):
        """Pixels right and below of the middle, and depth, of points (n, 3)."""
        turn, down = np.radians(camera["bearing_deg"]), np.radians(camera["tilt_deg"])
        ahead = np.array([np.cos(down) * np.sin(turn), np.cos(down) * np.cos(turn), -np.sin(down)])
        right = np.array([np.cos(turn), -np.sin(turn), 0.0])
        below = np.cross(ahead, right)
        way = points - np.array([*camera["at_m"], camera["height_m"]])
        depth = way @ ahead
        focal = camera["pixels"][0] / 2 / np.tan(np.radians(camera["hfov_deg"]) / 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            return focal * (way @ right) / depth, focal * (way @ below) / depth, depth, focal

    def on_picture(self, camera, points, slack):
        right, below, depth, focal = self.picture(camera, points)
        give = slack * focal * np.tan(np.radians(ANGLE))
        wide, high = (side / 2 + give for side in camera["pixels"])
        return (depth > 0) & (np.abs(right) <= wide) & (np.abs(below) <= high)

    def density(self, camera, points):
        """Pixels per metre of a short upright rod."""
        rod = np.array([0.0, 0.0, 5e-4])
        top, foot = self.picture(camera, points + rod), self.picture(camera, points - rod)
        return np.hypot(top[0] - foot[0], top[1] - foot[1]) / 1e-3

    def shown(self, camera, points, slack, at_least=None):
        """Which points a camera shows: on its picture, within its range, dense enough, nothing before them."""
        points = np.atleast_2d(np.asarray(points, float))
        eye = np.array([*camera["at_m"], camera["height_m"]])
        far = np.linalg.norm(points - eye, axis=1) <= camera["range_m"] + slack * LENGTH
        seen = far & self.on_picture(camera, points, slack)
        if at_least is not None:
            where = np.flatnonzero(seen)
            seen[where] = self.density(camera, points[where]) >= at_least * (1 - slack * DENSITY)
        where = np.flatnonzero(seen)
        if len(where):
            seen[where] = self.clear(eye, points[where], slack)
        return seen

    def clear(self, eye, points, slack):
        flat = np.hypot(points[:, 0] - eye[0], points[:, 1] - eye[1])
        ends = np.stack([np.broadcast_to(eye[:2], (len(points), 2)), points[:, :2]], 1)
        rays = shapely.linestrings(ends)
        free = np.ones(len(points), bool)
        for shape, height in self.hiding[slack]:
            meets = np.flatnonzero(free & shapely.intersects(shape, rays))
            for i, common in zip(meets, shapely.intersection(rays[meets], shape)):
                along = np.hypot(*(shapely.get_coordinates(common) - eye[:2]).T) / max(flat[i], 1e-9)
                over = eye[2] + along * (points[i, 2] - eye[2])
                free[i] = over.min() >= height
        return free

    def seen(self, points, slack, cameras=None):
        """Which points any camera sees at its working density."""
        points = np.atleast_2d(np.asarray(points, float))
        found = np.zeros(len(points), bool)
        for camera in self.cameras if cameras is None else cameras:
            left = np.flatnonzero(~found)
            if not len(left):
                break
            found[left] = self.shown(camera, points[left], slack, camera["working_px_per_m"])
        return found

    def seen_by_night(self, points, slack):
        """The same where lamps, sky and the camera's own light are enough."""
        found, lux = np.zeros(len(points), bool), None
        for camera in self.cameras:
            left = np.flatnonzero(~found)
            if not len(left):
                break
            shown = left[self.shown(camera, points[left], slack, camera["working_px_per_m"])]
            own = np.array([self.light_of_its_own(camera, at, slack) for at in points[shown]])
            bright = own >= camera["min_lux"] * (1 - slack * LIGHT)
            if not bright.all():
                lux = self.lux(points, slack) if lux is None else lux
                bright = own + lux[shown] >= camera["min_lux"] * (1 - slack * LIGHT)
            found[shown] = bright
        return found

    def outward(self, at):
        """Out of the compound over the nearest side of its outline."""
        rings = [o.exterior for o in self.outlines]
        if not rings:
            return None
        side = min((s for r in rings for s in pieces(r)), key=lambda s: s.distance(Point(at)))
        along = unit(*side.coords)
        out = np.array([along[1], -along[0]])
        middle = side.interpolate(0.5, normalized=True)
        return -out if any(o.contains(translate(middle, *(out * 1e-3))) for o in self.outlines) else out

    def chests(self, ground, step):
        """Chests of people who stand on some ground, on a grid."""
        west, south, east, north = ground.bounds
        x, y = (g.ravel() for g in np.meshgrid(np.arange(west, east, step), np.arange(south, north, step)))
        inside = shapely.contains_xy(ground, x, y)
        return np.column_stack([x[inside], y[inside], np.full(inside.sum(), CHEST)])

    def hung_too_close(self):
        """A lens or a lamp closer to a surface than its mount: which side it is on is a matter of taste."""
        things = [b["shape"].exterior for b in self.buildings.values()] + [w["shape"] for w in self.walls]
        hung = [c["at_m"] for c in self.cameras] + [lamp[:2] for lamp in self.lamps]
        return any(Point(at).distance(t) < 0.06 for at in hung for t in things)

    # Light.

    def lux(self, points, slack):
        """By night, on a small upright cylinder: the sky, and each lamp that is not hidden.

        A lamp spreads its flux evenly over the half space below it, and the mantle of a cylinder gets the horizontal part
        of the beam, spread over pi times its width.
        """
        total = np.full(len(points), SKY)
        for *at, flux in self.lamps:
            way = points - at
            far = np.linalg.norm(way, axis=1)
            beam = np.where(way[:, 2] < 0, flux / (2 * np.pi) / far**2, 0.0)
            given = beam * np.hypot(way[:, 0], way[:, 1]) / far / np.pi
            where = np.flatnonzero(given > 0.01)
            if len(where):
                total[where] += given[where] * self.clear(np.array(at), points[where], slack)
        return total

    def monitored(self, camera, slack):
        """Chests of people whom a camera shows at its working density, on a grid of a metre or less."""
        shapes = [*self.outlines, *(b["shape"] for b in self.buildings.values()), *(w["shape"] for w in self.walls)]
        shapes += [a["shape"] for a in self.areas] + [Point(g["at"]) for g in self.gates]
        shapes += [Point(c["at_m"]) for c in self.cameras] + [Point(lamp[:2]) for lamp in self.lamps]
        west, south, east, north = shapely.total_bounds(shapes)
        (x, y), reach = camera["at_m"], camera["range_m"]
        step = 0.5 if reach < 30 else 1.0
        east_of = np.arange(max(west - MARGIN, x - reach), min(east + MARGIN, x + reach), step)
        north_of = np.arange(max(south - MARGIN, y - reach), min(north + MARGIN, y + reach), step)
        grid = np.array([g.ravel() for g in np.meshgrid(east_of, north_of)]).T
        points = np.column_stack([grid, np.full(len(grid), CHEST)])
        points = points[self.on_picture(camera, points, slack)]
        roofs = shapely.union_all([b["shape"] for b in self.buildings.values()])
        points = points[~shapely.contains_xy(roofs, points[:, 0], points[:, 1])]
        points = points[self.shown(camera, points, slack, camera["working_px_per_m"])]
        if slack == 0 and 0 < len(points) * step**2 < 20:
            raise Close
        return points

    def light_of_its_own(self, camera, point, slack):
        """What a camera's own light, just enough at its reach, counts for at a point, lx."""
        far = max(np.linalg.norm(point - np.array([*camera["at_m"], camera["height_m"]])), 0.1)
        return camera["min_lux"] * ((camera["ir_range_m"] + slack * LENGTH) / far) ** 2

    def windows(self):
        """Points on the glass of dwellings, and the area of window that each stands for."""
        across, up = np.meshgrid((np.arange(9) + 0.5) / 9 - 0.5, (np.arange(8) + 0.5) / 8)
        for block in (b for b in self.buildings.values() if b["usage"] == "residential"):
            storey = block["height_m"] / block["storeys"]
            tall = min(TALL, storey - SILL - LINTEL)
            ring = shapely.get_coordinates(shapely.geometry.polygon.orient(block["shape"]).exterior)
            for a, b in zip(ring, ring[1:]) if tall > 0 else ():
                along, count = unit(a, b), int(np.hypot(*(b - a)) // PITCH)
                outward = np.array([along[1], -along[0]])
                for n in range(count):
                    foot = a + (b - a) * (n + 0.5) / count + GLASS * outward
                    flat = foot + np.outer(across.ravel() * WIDE, along)
                    for floor in range(block["storeys"]):
                        heights = floor * storey + SILL + up.ravel() * tall
                        yield np.column_stack([flat, heights]), WIDE * tall / across.size

    # Places.

    def doorstep(self, entrance):
        """A step out of the house, square to its facade, and that way."""
        shape, door = self.buildings[entrance["building"]]["shape"], Point(entrance["at"])
        ring = shapely.get_coordinates(shape.exterior)
        a, b = min(zip(ring, ring[1:]), key=lambda side: LineString(side).distance(door))
        along = unit(a, b)
        for way in (np.array([along[1], -along[0]]), np.array([-along[1], along[0]])):
            step = translate(door, *(way * BEFORE_DOOR))
            if not shape.contains(step):
                return (step.x, step.y), way
        raise Close

    def gateway(self, gate):
        at = Point(gate["at"])
        sides = [s for w in self.walls if w["perimeter"] for s in pieces(w["shape"])]
        near = [s for s in sides if s.distance(at) <= gate["width_m"]]
        if not near:
            return gate["at"], None
        along = unit(*min(near, key=lambda s: s.distance(at)).coords)
        return gate["at"], np.array([along[1], -along[0]])


def pieces(line):
    corners = list(line.coords)
    return [LineString(pair) for pair in zip(corners, corners[1:])]


def parts(shape):
    return [p for p in getattr(shape, "geoms", [shape]) if not p.is_empty and p.length > 0]


def long(beam):
    return float(np.hypot(*np.subtract(beam["to_m"], beam["from_m"])))


# Rules. Each takes the layout, its check from the book and the slack, and returns whether it holds and why; nothing when
# there is nothing that it is about.


def perimeter_continuous(layout, _, slack):
    if not layout.rim:
        return None
    give = slack * LENGTH
    sound = [b for b in layout.kit["beam"] if long(b) <= b["rated_range_m"] + give and abs(b["misaligned_deg"]) <= LOST]
    opened = layout.openings(give)
    left = []
    for wall in layout.rim:
        top = wall["height_m"]
        # All rays must be broken at once: the lowest must clear the wall, and the highest decides what passes under.
        guards = [b for b in sound if min(b["rays_m"]) > top - give and max(b["rays_m"]) <= top + UNDER + give]
        covered = []
        for side in pieces(wall["shape"]):
            for b in guards:
                turn = between(np.subtract(*side.coords), np.subtract(b["to_m"], b["from_m"]))
                if min(turn, 180 - turn) <= BEND + slack * ANGLE:
                    # Rounding of a shared end must not cut a zone short by itself.
                    reach = LineString([b["from_m"], b["to_m"]]).buffer(ASIDE + give, cap_style="flat").buffer(1e-9)
                    covered.append(side.intersection(reach))
        guarded = shapely.union_all(covered).buffer(1e-6)
        for rest in parts(shapely.line_merge(wall["shape"].difference(opened).difference(guarded))):
            beside = guarded.distance(rest) < 1e-5
            if rest.length <= 1e-4 or (rest.length <= POST + give and beside):
                continue
            if rest.length <= CORNER + give and beside and closed_corner(layout, rest, guards, sound):
                continue
            left.append(f"{wall['id']}: {rest.length:.2f} m")
    left += bare_outline(layout, slack)
    return not left, "; ".join(left) or "closed"


def closed_corner(layout, rest, guards, sound):
    """Two zones that leave different ways from one post at the corner which the rest goes round."""
    ends = [Point(w["shape"].coords[i]) for w in layout.rim for i in (0, -1)]
    corners = [Point(c) for w in layout.rim for c in w["shape"].coords[1:-1]]
    corners += [end for end in ends if sum(end.distance(other) < ASIDE for other in ends) > 1]
    corners = [c for c in corners if rest.distance(c) < 1e-5]
    for a in guards:
        for b in sound:
            for i, j in ((i, j) for i in (0, 1) for j in (0, 1)):
                ends = [(a["from_m"], a["to_m"]), (b["from_m"], b["to_m"])]
                (here, there), (mine, far) = ends[0][:: 1 - 2 * i], ends[1][:: 1 - 2 * j]
                if a is not b and Point(here).distance(Point(mine)) <= POST:
                    turned = between(np.subtract(there, here), np.subtract(far, mine)) > BEND
                    if turned and any(c.distance(Point(here)) <= CORNER for c in corners):
                        return True
    return False


def bare_outline(layout, slack):
    """Stretches of the outline with no wall along them, no gate and no building."""
    give = slack * LENGTH
    ends = [Point(w["shape"].coords[i]) for w in layout.rim for i in (0, -1)]
    shapes = [s.buffer(WALL_FOR_OUTLINE + give, cap_style="flat") for w in layout.rim for s in pieces(w["shape"])]
    bend = WALL_FOR_OUTLINE * np.sqrt(2) + give
    for wall in layout.rim:
        shapes += [Point(c).buffer(bend, 64) for c in wall["shape"].coords[1:-1]]
    for end in ends:
        met = sum(end.distance(other) < ASIDE for other in ends) > 1
        shapes.append(end.buffer(bend if met else FREE_END + give, 64))
    shapes += [b["shape"].exterior.buffer(BUILDING_FOR_OUTLINE + give, 64) for b in layout.buildings.values()]
    shapes += [Point(g["at"]).buffer(g["width_m"] / 2 + FREE_END + give, 64) for g in layout.gates]
    closed = shapely.union_all(shapes)
    found = []
    for outline in layout.outlines:
        rest = parts(shapely.line_merge(outline.exterior.difference(closed)))
        found += [f"outline: {p.length:.2f} m" for p in rest if p.length >= SHORT - give]
    return found


def zone_length(layout, check, slack):
    give, beams = slack * LENGTH, layout.kit["beam"]
    wrong = [b for b in beams if long(b) > min([check["most_m"]] + [b["rated_range_m"]] * check.get("within_range", False)) + give]
    return (not wrong, "; ".join(f"{b['id']}: {long(b):.2f} m" for b in wrong)) if beams else None


def beam_margin(layout, check, slack):
    beams = layout.kit["beam"]
    wrong = [b for b in beams if long(b) > check["most_share"] * b["rated_range_m"] + slack * LENGTH]
    return (not wrong, "; ".join(f"{b['id']}: {long(b) / b['rated_range_m']:.3f}" for b in wrong)) if beams else None


def zone_seen(layout, _, slack):
    beams, worst = layout.kit["beam"], (0.0, "")
    for b in beams:
        steps = max(2, int(np.ceil(long(b) / 0.25)))
        t = (np.arange(steps) + 0.5) / steps
        at = np.outer(1 - t, b["from_m"]) + np.outer(t, b["to_m"])
        points = np.column_stack([at, np.full(steps, min(b["rays_m"]))])
        blind = float((~layout.seen(points, slack)).mean() * long(b))
        worst = max(worst, (blind, b["id"]))
    if 0 < worst[0] < 0.5 and slack == 0:
        raise Close
    return (worst[0] == 0, f"{worst[0]:.2f} m of {worst[1]} unseen") if beams else None


def beam_on_top(layout, check, slack):
    give, tops = slack * LENGTH, {w["id"]: w["height_m"] for w in layout.walls}
    ups = {b["id"]: min(b["rays_m"]) - tops[b["wall"]] for b in layout.kit["beam"] if b["wall"] in tops}
    wrong = [f"{k}: {up:.3f} m" for k, up in ups.items() if not -give <= up <= check["most_above_m"] + give]
    return (not wrong, "; ".join(wrong)) if layout.kit["beam"] else None


def barrier_height(layout, check, slack):
    low = [w for w in layout.rim if w["height_m"] < check["least_m"] - slack * LENGTH]
    return (not low, "; ".join(f"{w['id']}: {w['height_m']:.2f} m" for w in low)) if layout.rim else None


def bar_gap(layout, check, slack):
    fences = [w for w in layout.rim if w["made_of"] == "fence"]
    known = [w["bar_gap_m"] for w in fences if w["bar_gap_m"] is not None]
    widest = max(known, default=0.0)
    # A millimetre decides about bars, not a centimetre.
    if not fences or (len(known) < len(fences) and widest <= check["most_m"]):
        return None
    return widest <= check["most_m"] + slack * 1e-3, f"{widest:.3f} m"


def rail_height(layout, check, slack):
    fences = [w for w in layout.rim if w["made_of"] == "fence"]
    known = [w["lowest_rail_m"] for w in fences if w["lowest_rail_m"] is not None]
    lowest = min(known, default=np.inf)
    if not fences or (len(known) < len(fences) and lowest >= check["least_m"]):
        return None
    return bool(lowest >= check["least_m"] - slack * LENGTH), f"{lowest:.2f} m"


def barrier_closed(layout, _, slack):
    open_ = bare_outline(layout, slack)
    return (not open_, "; ".join(open_)) if layout.rim and layout.outlines else None


def door_strength(layout, _, slack):
    """A gate without a guard: a leaf as high as the wall that it opens, which holds for as long."""
    weak, unknown = [], False
    posted = {p["gate"] for p in layout.kit["gate_post"] if p["guards"] > 0}
    for gate in (g for g in layout.gates if g["id"] not in posted):
        ways = [(w["shape"].distance(Point(gate["at"])), w) for w in layout.rim]
        near = sorted((way for way in ways if way[0] <= gate["width_m"]), key=lambda way: way[0])
        if len(near) > 1 and near[1][0] - near[0][0] < 2 * LENGTH:
            raise Close
        # Whether it stands in a wall at all is a matter of length.
        if any(abs(way - gate["width_m"]) < 2 * LENGTH for way, _ in ways):
            raise Close
        if not near:
            continue
        wall = near[0][1]
        low = gate["height_m"] is not None and gate["height_m"] < wall["height_m"] - slack * LENGTH
        holds, around = gate["delay_s"], wall["delay_s"]
        if low or (None not in (holds, around) and holds < around * (1 - slack * DENSITY)):
            weak.append(f"{gate['id']}: {gate['height_m']} m, {holds} s; {wall['height_m']} m, {around} s")
        unknown |= None in (gate["height_m"], holds, around)
    if not layout.rim or (unknown and not weak):
        return None
    return not weak, "; ".join(weak)


def gate_cameras(layout, check, slack):
    missing = []
    for gate in layout.gates:
        at = gate["at"]
        outward = layout.outward(at)
        barriers = sum(b["gate"] == gate["id"] for b in layout.kit["barrier"])
        lanes = (gate["passage"] != "vehicles") + (0 if gate["passage"] == "pedestrians" else max(1, barriers))
        own = 0
        for camera in layout.cameras:
            near = np.hypot(*np.subtract(camera["at_m"], at)) <= check["near_m"] + slack * LENGTH
            out = outward is None or between(bearing(camera["bearing_deg"]), outward) < 90 + slack * ANGLE
            own += bool(near and out and layout.seen([[*at, CHEST]], slack, [camera])[0])
        if own < lanes:
            missing.append(f"{gate['id']}: {own} of {lanes}")
    return (not missing, "; ".join(missing)) if layout.gates else None


def gate_density(layout, check, slack):
    gates = [g for g in layout.gates if g["passage"] != "vehicles"]
    best = {}
    for gate in gates:
        point = np.array([[*gate["at"], CHEST]])
        lux = layout.lux(point, slack)[0] * (1 + slack * LIGHT)
        bright = [c for c in layout.cameras if lux + layout.light_of_its_own(c, point[0], slack) >= c["min_lux"]]
        shown = [c for c in bright if layout.shown(c, point, slack)[0]]
        best[gate["id"]] = max((float(layout.density(c, point)[0]) for c in shown), default=0.0)
    poor = {k: px for k, px in best.items() if px < check["least_px_per_m"] * (1 - slack * DENSITY)}
    return (not poor, "; ".join(f"{k}: {px:.1f} px/m" for k, px in poor.items())) if gates else None


def entrances_seen(layout, _, slack):
    if not layout.entrances:
        return None
    steps = [[*layout.doorstep(e)[0], CHEST] for e in layout.entrances]
    unseen = [e["id"] for e, seen in zip(layout.entrances, layout.seen(steps, slack)) if not seen]
    return not unseen, "; ".join(unseen)


def areas_seen(layout, _, slack):
    areas = [a for a in layout.areas if a["ground"] in ("plaza", "parking", "playground")]
    roofs = shapely.union_all([b["shape"] for b in layout.buildings.values()])
    worst = (0.0, "")
    for area in areas:
        ground = area["shape"].difference(roofs)
        points = layout.chests(ground, 0.25)
        unseen = float((~layout.seen(points, slack)).sum()) * 0.0625 if len(points) else 0.0
        worst = max(worst, (unseen, area["id"]))
    if 0 < worst[0] < 2 and slack == 0:
        raise Close
    return (worst[0] == 0, f"{worst[0]:.1f} m² of {worst[1]} unseen") if areas else None


def places_seen(layout, check, slack):
    """Gates, the ground outside, doors of garages and plant rooms, whoever is on a wall; by night open ground, too."""
    night, groups = check["by_night"], {}
    for gate in layout.gates:
        groups[gate["id"]] = [[*gate["at"], CHEST]]
        if (way := layout.outward(gate["at"])) is not None:
            groups[f"outside {gate['id']}"] = [[*(gate["at"] + way * check["outside_m"]), CHEST]]
    opened = layout.openings(-slack * LENGTH)
    for wall in layout.rim:
        standing = wall["shape"].difference(opened)
        on = [part.interpolate(at) for part in parts(standing) for at in np.arange(0.25, part.length, 0.5)]
        groups[wall["id"]] = [[p.x, p.y, wall["height_m"] + check["above_wall_m"]] for p in on]
    if night:
        roofs = shapely.union_all([b["shape"] for b in layout.buildings.values()])
        for area in (a for a in layout.areas if a["ground"] in ("plaza", "parking", "playground")):
            groups[area["id"]] = layout.chests(area["shape"].difference(roofs), 0.5)
    blind = []
    for name, points in groups.items():
        points = np.atleast_2d(np.asarray(points, float))
        unseen = ~layout.seen_by_night(points, slack) if night else ~layout.seen(points, slack)
        if not unseen.any():
            continue
        if slack == 0 and len(points) > 1 and unseen.sum() < 4:
            raise Close
        blind.append(f"{name}: {1 - unseen.mean():.2f}")
    return (not blind, "; ".join(blind)) if layout.cameras and groups else None


def aimed(layout, slack):
    """Entrance cameras with the gate or door that each is for: the nearest that it shows."""
    places = [layout.gateway(g) for g in layout.gates] + [layout.doorstep(e) for e in layout.entrances]
    for camera in (c for c in layout.cameras if c["task"] == "entrance"):
        near = []
        for at, way in places:
            away = float(np.hypot(*np.subtract(at, camera["at_m"])))
            point = np.array([[*at, CHEST]])
            if away <= AIM_WITHIN + slack * LENGTH and layout.on_picture(camera, point, slack)[0]:
                near.append((away, at, way))
        near.sort(key=lambda n: n[0])
        if len(near) > 1 and near[1][0] - near[0][0] < 2 * LENGTH:
            raise Close
        if near:
            yield camera, *near[0]


def aim_down(layout, check, slack):
    steep = {c["id"]: np.degrees(np.arctan2(c["height_m"] - CHEST, away)) for c, away, _, _ in aimed(layout, slack)}
    over = {k: deg for k, deg in steep.items() if deg > check["most_deg"] + slack * ANGLE}
    return (not over, "; ".join(f"{k}: {deg:.2f}°" for k, deg in over.items())) if steep else None


def aim_aside(layout, check, slack):
    turned = {}
    for camera, _, at, way in aimed(layout, slack):
        if way is not None:
            turn = between(np.subtract(at, camera["at_m"]), way)
            turned[camera["id"]] = min(turn, 180 - turn)
    over = {k: deg for k, deg in turned.items() if deg > check["most_deg"] + slack * ANGLE}
    return (not over, "; ".join(f"{k}: {deg:.2f}°" for k, deg in over.items())) if turned else None


def lit(layout, check, slack):
    """Light in the monitored area, or else a light along the camera's axis that reaches far enough to be one."""
    dark = []
    for camera in layout.cameras:
        if camera["ir_range_m"] >= check["own_m"] - slack * LENGTH:
            continue
        points = layout.monitored(camera, slack)
        if len(points) and (mean := layout.lux(points, slack).mean()) < check["least_lx"] * (1 - slack * LIGHT):
            dark.append(f"{camera['id']}: {mean:.1f} lx")
    return (not dark, "; ".join(dark)) if layout.cameras else None


def scene_light(layout, check, slack):
    """Half of what a camera shows gets less than the middling light: the figure for its scene."""
    dark, asked = [], 0
    for camera in layout.cameras:
        demanded = check["over"] * camera["sensitivity_lux"] * (1 - slack * LIGHT)
        # No place is darker than the sky leaves it.
        if SKY > demanded:
            asked += 1
            continue
        points = layout.monitored(camera, slack)
        asked += len(points) > 0
        if len(points) and (lux := np.quantile(layout.lux(points, slack), 0.5 + slack * LIGHT)) <= demanded:
            dark.append(f"{camera['id']}: {lux:.3f} lx of {demanded:.3f}")
    return (not dark, "; ".join(dark)) if asked else None


def private_facade(layout, check, slack):
    windows, seen = list(layout.windows()), {}
    if windows:
        points = np.concatenate([glass for glass, _ in windows])
        areas = np.repeat([area for _, area in windows], [len(glass) for glass, _ in windows])
        for camera in layout.cameras:
            seen[camera["id"]] = float(areas[layout.shown(camera, points, slack, check["from_px_per_m"])].sum())
    into = {k: area for k, area in seen.items() if area > check["most_m2"]}
    if slack == 0 and 0 < sum(into.values()) < 0.5:
        raise Close
    return (not into, "; ".join(f"{k}: {area:.2f} m²" for k, area in into.items())) if layout.cameras else None


def points_on_tours(layout, _, slack):
    points, tours = layout.kit["checkpoint"], layout.kit["guard_tour"]
    left = [p["id"] for p in points if not any(p["id"] in t["checkpoints"] for t in tours)]
    return (not left, "; ".join(left)) if points or tours else None


def facade_elevation(layout, check, slack):
    cameras, give = layout.kit["facade_camera"], slack * ANGLE
    wrong = [c for c in cameras if not check["from_deg"] - give <= c["elevation_deg"] <= check["to_deg"] + give]
    return (not wrong, "; ".join(f"{c['id']}: {c['elevation_deg']:.1f}°" for c in wrong)) if cameras else None


def facade_standoff(layout, check, slack):
    cameras, give = layout.kit["facade_camera"], slack * LENGTH
    ways = {c["id"]: Point(c["at_m"]).distance(layout.buildings[c["building"]]["shape"].exterior) for c in cameras}
    wrong = [f"{k}: {m:.2f} m" for k, m in ways.items() if not check["from_m"] - give <= m <= check["to_m"] + give]
    return (not wrong, "; ".join(wrong)) if cameras else None


def facade_faces(layout, check, slack):
    cameras, few = layout.kit["facade_camera"], []
    for block in (b for b in layout.buildings.values() if b["usage"] == "residential"):
        box = shapely.get_coordinates(block["shape"].minimum_rotated_rectangle)
        sides = sorted(((np.hypot(*(b - a)), a, b) for a, b in zip(box, box[1:])), key=lambda s: -s[0])
        if sides[0][0] - sides[2][0] < 0.1:
            raise Close
        faces = 0
        for _, a, b in sides[:2]:
            outward = np.add(a, b) / 2 - shapely.get_coordinates(block["shape"].minimum_rotated_rectangle.centroid)[0]
            outward /= np.hypot(*outward)
            middle = shapely.get_coordinates(block["shape"].centroid)[0]
            before = [
                c
                for c in cameras
                if c["building"] == block["id"]
                and np.dot(np.subtract(c["at_m"], middle), outward) > -slack * LENGTH
                and between(bearing(c["bearing_deg"]), -outward) < 90 + slack * ANGLE
            ]
            faces += bool(before)
        if faces < check["least"]:
            few.append(f"{block['id']}: {faces} faces")
    return (not few, "; ".join(few)) if cameras else None


JUDGES = {
    f.__name__: f
    for f in (
        perimeter_continuous, zone_length, beam_margin, zone_seen, beam_on_top, barrier_height, bar_gap, rail_height,
        barrier_closed, door_strength, gate_cameras, places_seen,
        gate_density, entrances_seen, areas_seen, aim_down, aim_aside, lit, scene_light, private_facade,
        points_on_tours, facade_elevation, facade_standoff, facade_faces,
    )
}


# Questions about sight that take long, with the slack under which each is the hardest to meet: who meets that meets all.
HARDEST = {"zone_seen": -1, "entrances_seen": -1, "areas_seen": -1, "places_seen": -1, "private_facade": 1}


def answer(layout, book):
    close, rules = [], {}
    if layout.hung_too_close():
        close.append("lens")
    for rule in book["rule"]:
        (name, check), *_ = rule["check"].items()
        if name not in JUDGES or not isinstance(check, dict):
            continue
        try:
            hardest = JUDGES[name](layout, check, HARDEST[name]) if name in HARDEST else None
            if hardest is not None and hardest[0]:
                rules[rule["id"]] = {"holds": True, "figure": hardest[1]}
                continue
            strict, told, lenient = (JUDGES[name](layout, check, slack) for slack in (-1, 0, 1))
        except Close:
            close.append(rule["id"])
            continue
        if len({None if t is None else t[0] for t in (strict, told, lenient)}) > 1:
            close.append(rule["id"])
        if told is not None:
            rules[rule["id"]] = {"holds": bool(told[0]), "figure": told[1]}
    return {"close": close, "rules": rules}


book = tomllib.load(open(sys.argv[1], "rb"))
for given in sys.stdin.read().splitlines():
    print(json.dumps(answer(Layout(json.loads(given)), book)))
