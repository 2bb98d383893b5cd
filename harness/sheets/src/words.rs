//! What things are called, in English and in Chinese.

use palisade_layout::analysis::answer::GapReason;
use palisade_layout::analysis::rules::{Basis, Strength};
use palisade_layout::contract::Class;
use palisade_layout::model::kit::CameraTask;
use palisade_layout::model::site::{GateFor, WallKind};
pub use palisade_layout::words::thousands;

/// A name in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) english: &'static str,
    pub(crate) chinese: &'static str,
}

const fn words(english: &'static str, chinese: &'static str) -> Words {
    Words { english, chinese }
}

/// Classes of devices, in the order in which sheets and bills list them.
pub(crate) const CLASSES: [Class; 14] = [
    Class::Camera,
    Class::FacadeCamera,
    Class::Beam,
    Class::GatePost,
    Class::Barrier,
    Class::OuterPost,
    Class::DutyRoom,
    Class::GuardRadio,
    Class::Intercom,
    Class::Checkpoint,
    Class::FireStation,
    Class::Charger,
    Class::SmokeDetector,
    Class::HeatDetector,
];

/// A class of devices.
pub(crate) fn class(class: Class) -> Words {
    match class {
        Class::GatePost => words("gate post", "门卫岗"),
        Class::Barrier => words("vehicle barrier", "车场道闸"),
        Class::OuterPost => words("outer post", "外围巡逻岗"),
        Class::Checkpoint => words("checkpoint of a guard tour", "电子巡更点"),
        Class::FireStation => words("fire station or point", "微型消防站、消防点"),
        Class::Charger => words("charging group", "电动车充电组"),
        Class::Intercom => words("door station", "楼寓对讲门口机"),
        Class::Beam => words("infrared beams", "主动红外对射"),
        Class::Camera => words("camera", "摄像机"),
        Class::FacadeCamera => words("facade camera", "高空抛物摄像机"),
        Class::SmokeDetector => words("smoke detector", "感烟探测器"),
        Class::HeatDetector => words("heat detector", "感温探测器"),
        Class::GuardRadio => words("guard's radio", "保安对讲机"),
        Class::DutyRoom => words("duty room", "值班室"),
    }
}

/// What a wall is made of.
pub(crate) fn wall(made_of: WallKind) -> Words {
    match made_of {
        WallKind::Wall => words("wall", "围墙"),
        WallKind::Fence => words("fence", "铁栅栏"),
        WallKind::Hedge => words("hedge", "绿篱"),
        WallKind::Retaining => words("retaining wall", "挡土墙"),
    }
}

/// Who passes a gate.
pub(crate) fn gate(passage: GateFor) -> Words {
    match passage {
        GateFor::Pedestrians => words("gate for people", "人行门"),
        GateFor::Vehicles => words("gate for vehicles", "车行门"),
        GateFor::Both => words("gate for people and vehicles", "人车门"),
    }
}

/// What a camera is there for, with the class of its style.
pub(crate) struct Task {
    pub(crate) words: Words,
    pub(crate) class: &'static str,
}

/// A camera's task.
pub(crate) fn task(task: CameraTask) -> Task {
    let (words, class) = match task {
        CameraTask::Entrance => (words("entrance", "出入口"), "t-entrance"),
        CameraTask::Perimeter => (words("perimeter", "周界"), "t-perimeter"),
        CameraTask::Passage => (words("passage", "通道"), "t-passage"),
        CameraTask::Area => (words("area", "区域"), "t-area"),
    };
    Task { words, class }
}

/// A class of pixel density by its name in the standard.
pub(crate) fn density(name: &str) -> &'static str {
    match name {
        "monitor" => "监视",
        "detect" => "探测",
        "observe" => "观察",
        "recognise" => "识别",
        "identify" => "辨认",
        _ => "",
    }
}

/// Why ground is not covered.
pub(crate) fn reason(reason: GapReason) -> Words {
    match reason {
        GapReason::Range => {
            words("too far away for every camera that looks there", "太远，朝向这里的摄像机都看不清")
        }
        GapReason::OutsideView => words("outside every camera's angle of view", "不在任何摄像机的视角内"),
        GapReason::DeadZone => {
            words("too near below a camera, or above its picture", "摄像机正下方的死角，或超出画面上缘")
        }
        GapReason::Tilt => {
            words("outside a picture that another tilt alone would put right", "只需调整摄像机俯仰角即可看到")
        }
        GapReason::Mask => words("under a camera's privacy mask", "被摄像机的隐私遮挡区遮住"),
        GapReason::Building => words("hidden by a building", "被建筑物挡住"),
        GapReason::Wall => words("hidden by a wall or hedge", "被围墙或绿篱挡住"),
        GapReason::Crown => words("hidden by a tree's crown", "被树冠挡住"),
        GapReason::Vehicle => words("a parked vehicle stands in the way", "停放的车辆遮挡"),
        GapReason::Fog => words("fog leaves too little contrast", "雾中对比度不足"),
        GapReason::Light => words("too dark there by night", "夜间照度不足"),
        GapReason::NoCamera => words("there is no camera", "没有摄像机"),
    }
}

/// How strongly a rule is put.
pub(crate) fn strength(strength: Strength) -> &'static str {
    match strength {
        Strength::Shall => "应",
        Strength::Should => "宜",
        Strength::Guide => "指引",
        Strength::Unstated => "未明",
    }
}

/// What a figure rests on; a rule without a figure is judged by the plan alone.
pub(crate) fn basis(basis: Option<Basis>) -> &'static str {
    match basis {
        None | Some(Basis::Computed) => "计算",
        Some(Basis::Measured) => "实测",
        Some(Basis::Imported) => "录入",
        Some(Basis::Assumed) => "假定",
    }
}

/// A unit of a rule's figure in Chinese; as it is where there is no other.
pub(crate) fn unit(unit: &str) -> String {
    let known = [
        ("days without a whole round", "天没有完整巡查"),
        ("visitors without leave", "名访客未经许可"),
        ("guards at once", "名保安同时在岗"),
        ("m above the wall's top", "m（高出墙顶）"),
        ("m beyond ", "m，超出墙外 "),
        ("m outside or ", "m 或墙内 "),
        ("m inside a wall", "m 的范围"),
        ("m² of windows", "m² 住宅窗户"),
        ("cameras missing", "台摄像机缺少"),
        ("cameras that zoom", "台变焦摄像机"),
        ("cameras in less than", "台摄像机的照度低于"),
        ("of rated range", "（额定距离比例）"),
        ("of a block's windows", "（一栋楼窗户的比例）"),
        ("of entrances", "（出入口比例）"),
        ("of an area", "（区域比例）"),
        ("of a place", "（部位比例）"),
        ("of a zone", "（防区比例）"),
        ("weaker gates", "道较弱的门"),
        ("h at least", "h（至少）"),
        ("outside", "不在范围"),
        (" to ", " 至 "),
        ("degrees", "度"),
        ("m open", "m 无防护"),
        ("persons", "人"),
        ("times", "倍"),
        ("cameras", "台"),
        ("points", "个点"),
        ("alarms", "次报警"),
        ("faces", "面"),
        ("rays", "束"),
    ];
    known.iter().fold(unit.to_owned(), |unit, (english, chinese)| unit.replace(english, chinese))
}

/// A share as a percentage.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// An area.
pub(crate) fn square_metres(area_m2: f64) -> String {
    format!("{} m²", thousands(area_m2))
}
