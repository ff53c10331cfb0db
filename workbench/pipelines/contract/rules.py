"""What has no place in a page: tables of things by the name they have at home, and for each rule why, and what to do instead.

Only tables; who follows the names is `workbench.pipelines.contract.origins`, who judges `workbench.pipelines.contract.findings`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple


class Rule(NamedTuple):
    """Why something has no place in a page, as what it does; and what to do instead."""

    does: str
    remedy: str


RULES: Final[Mapping[str, Rule]] = {
    "clock": Rule("reads the clock", "take the time from the data, or make the session a parameter: a page says the same when run again"),
    "random": Rule("draws without a seed", "numpy.random.default_rng(seed), with a seed that is a parameter"),
    "seed": Rule("is made without a seed", "pass seed=, best a parameter, or the same page says something else tomorrow"),
    "many": Rule("changes the model it is asked of", "learn and predict one at a time, through a recipe of the workbench"),
    "network": Rule(
        "reaches another machine", "record it first and read the recording in `inputs`; or declare it: [reads] connections in pipeline.toml"
    ),
    "act": Rule("reaches for the broker", "a page reads stores; it sends nothing, and cannot"),
    "process": Rule("starts something beside the page", "call the package; or declare it: [reads] programs in pipeline.toml"),
    "end": Rule("ends the kernel", "fail by an assert with a message, in `checks`"),
    "dynamic": Rule("hides what happens from every reader", "write it out: names, imports and calls as they are"),
    "input": Rule("asks somebody at a keyboard", "make it a parameter; a page runs while nobody is there"),
    "environment": Rule(
        "reads the environment", 'make it a parameter; for a secret `name: str = "env:NAME"  # text [secret]` and secret(name)'
    ),
    "path": Rule("is a path of one machine", "name it below the data folder, or make it a parameter"),
    "place": Rule("depends on where the page runs", "name it below the data folder, or make it a parameter"),
    "write": Rule("writes outside the cell `outputs`", "write in `outputs`, and name the file in [writes] files of pipeline.toml"),
    "effect": Rule('writes, and pipeline.toml says effects = "none"', 'say effects = "artefact" and name the file in [writes] files'),
    "read": Rule("reads outside the cell `inputs`", "open what is asked about in `inputs`, where its schema and span are asserted"),
    "loop": Rule("goes over the rows one by one", "use an expression of the frame, or a function of the package"),
    "secret": Rule("holds a secret in clear", 'take it by reference: `name: str = "env:NAME"  # text [secret]`'),
}


def _all(rule: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), rule)


# whole modules, by their first words: importing one is enough
MODULES: Final[Mapping[str, str]] = {
    **_all(
        "network",
        "socket ssl socketserver http urllib.request urllib3 requests httpx aiohttp websocket websockets ftplib smtplib imaplib "
        "poplib telnetlib xmlrpc paramiko fsspec s3fs boto3 botocore grpc zmq ccxt yfinance pandas_datareader fredapi quandl "
        "alpaca polygon databento openai anthropic telegram tweepy feedparser psycopg psycopg2 pymysql pymongo redis kafka pika "
        "sqlalchemy nntplib webbrowser workbench.research.history",
    ),
    **_all(
        "act",
        "ib_async ib_insync ibapi workbench.venues workbench.gateway workbench.commands workbench.runtime.live "
        "workbench.runtime.guardian workbench.wire",
    ),
    **_all(
        "process",
        "subprocess multiprocessing pty pexpect sh plumbum ctypes cffi "
        "joblib distributed ray",
    ),
    **_all(
        "random",
        "secrets",
    ),
    **_all(
        "dynamic",
        "runpy dill cloudpickle",
    ),
    **_all(
        "environment",
        "dotenv",
    ),
}  # fmt: skip
# single things of the modules above that are harmless
HARMLESS: Final = frozenset({"http.HTTPStatus", "socket.gaierror", "socket.timeout"})

# things whose naming alone is enough
THINGS: Final[Mapping[str, str]] = {
    **_all(
        "clock",
        "time.time time.time_ns time.localtime time.gmtime time.ctime time.asctime time.clock_gettime time.clock_gettime_ns "
        "datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today pandas.Timestamp.now "
        "pandas.Timestamp.today pandas.Timestamp.utcnow pandas.Period.now pendulum.now pendulum.today arrow.now arrow.utcnow "
        "workbench.clock.SystemClock",
    ),
    **_all(
        "random",
        "random.SystemRandom os.urandom os.getrandom uuid.uuid1 uuid.uuid4",
    ),
    **_all(
        "process",
        "os.system os.popen os.startfile os.fork os.forkpty os.posix_spawn os.posix_spawnp asyncio.create_subprocess_exec "
        "asyncio.create_subprocess_shell",
    ),
    **_all(
        "network",
        "asyncio.open_connection asyncio.open_unix_connection asyncio.start_server urllib.request",
    ),
    **_all(
        "end",
        "sys.exit builtins.exit builtins.quit os._exit os.abort os.kill signal.raise_signal",
    ),
    **_all(
        "dynamic",
        "builtins.exec builtins.eval builtins.compile builtins.globals builtins.locals builtins.__builtins__ importlib.reload "
        "importlib.util sys.modules IPython.get_ipython pickle.load pickle.loads pandas.read_pickle",
    ),
    **_all(
        "input",
        "builtins.input builtins.breakpoint getpass.getpass pdb.set_trace",
    ),
    **_all(
        "environment",
        "os.environ os.environb os.getenv os.putenv os.unsetenv",
    ),
    **_all(
        "place",
        "pathlib.Path.home pathlib.Path.cwd os.getcwd os.chdir os.path.expanduser sys.path site.getsitepackages",
    ),
    **_all(
        "write",
        "numpy.save numpy.savez numpy.savez_compressed numpy.savetxt pickle.dump json.dump joblib.dump shutil.copy "
        "shutil.copy2 shutil.copyfile shutil.copytree shutil.move shutil.rmtree os.remove os.unlink os.rename os.replace "
        "os.makedirs os.mkdir os.rmdir os.symlink os.link os.truncate os.chmod matplotlib.pyplot.savefig "
        "deltalake.write_deltalake workbench.research.keep_frames pyarrow.parquet.write_table workbench.store.whole.write_whole "
        "workbench.research.sample.sample_copy torch.save",
    ),
    **_all(
        "read",
        "workbench.research.open_session numpy.load numpy.loadtxt numpy.genfromtxt numpy.fromfile json.load "
        "deltalake.DeltaTable pyarrow.parquet.read_table os.listdir os.scandir os.walk glob.glob glob.iglob linecache.getline",
    ),
}  # fmt: skip
# the same by a pattern over the whole name
PATTERNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"os\.(exec|spawn)[lvpe]+"), "process"),
    (re.compile(r"polars\.(read|scan)_\w+|pandas\.(read_(?!pickle)\w+|HDFStore|ExcelFile)"), "read"),
)
# functions that draw from a generator that everybody shares; allowed once `random.seed(n)`, `numpy.random.seed(n)` stands above
SHARED: Final = re.compile(r"(random|numpy\.random)\.(?!seed$|getstate$|setstate$|get_state$|set_state$)[a-z]\w*")
SHARED_OK: Final = frozenset({"numpy.random.default_rng", "numpy.random.bit_generator", "numpy.random.mtrand"})
# made without a seed, they draw another one each time; where the seed may stand without its name
SEEDED: Final[Mapping[str, int]] = {
    "random.Random": 0, "numpy.random.default_rng": 0, "numpy.random.RandomState": 0, "numpy.random.SeedSequence": 0,
    **dict.fromkeys((f"numpy.random.{name}" for name in ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")), 0),
    **dict.fromkeys(("random.seed", "numpy.random.seed"), 0),
}  # fmt: skip
# what takes a seed in River 0.26 and draws without one, by module
RIVER: Final[Mapping[str, str]] = {
    "active": "EntropySampler",
    "anomaly": "HalfSpaceTrees LODA",
    "bandit": "BayesUCB EpsilonGreedy Exp3 LinUCBDisjoint ThompsonSampling UCB RandomPolicy",
    "cluster": "CluStream KMeans",
    "drift": "DummyDriftDetector KSWIN",
    "ensemble": "AdaBoostClassifier ADWINBaggingClassifier ADWINBoostingClassifier BaggingClassifier BaggingRegressor BOLEClassifier "
    "LeveragingBaggingClassifier SRPClassifier SRPRegressor",
    "facto": "FFMClassifier FFMRegressor FMClassifier FMRegressor FwFMClassifier FwFMRegressor HOFMClassifier HOFMRegressor",
    "feature_extraction": "RandomTreesEmbedding RBFSampler",
    "feature_selection": "PoissonInclusion",
    "forest": "ARFClassifier ARFRegressor AMFClassifier AMFRegressor OXTRegressor",
    "imblearn": "ChebyshevUnderSampler HardSamplingClassifier HardSamplingRegressor RandomOverSampler RandomUnderSampler RandomSampler",
    "multiclass": "OutputCodeClassifier",
    "multioutput": "MonteCarloClassifierChain",
    "neighbors": "SWINN",
    "preprocessing": "FeatureHasher GapEncoder GaussianRandomProjector LDA SparseRandomProjector",
    "proba": "Beta Gaussian Multinomial MultivariateGaussian",
    "reco": "Baseline BiasedMF FunkMF RandomNormal",
    "sketch": "Counter NUnique Set",
    "tree": "HoeffdingAdaptiveTreeClassifier HoeffdingAdaptiveTreeRegressor",
}
# scikit-learn and its like name the seed so
RANDOM_STATE: Final = re.compile(r"sklearn\.(ensemble|cluster|model_selection|neural_network|utils)\.(Random\w+|Extra\w+|KMeans|"
                                 r"MiniBatch\w+|Bagging\w+|Gradient\w+|Shuffle\w+|train_test_split|MLP\w+|shuffle|resample|"
                                 r"Isolation\w+)")  # fmt: skip

# methods, whatever they are of
MANY: Final = re.compile(r"(learn|predict|predict_proba|transform|update|process|score)_many")
WRITING: Final = re.compile(r"write_(?:text|bytes|parquet|ipc|ipc_stream|delta|excel|database|avro|iceberg|html|image)|"
                            r"sink_(?:parquet|csv|ipc|ndjson|delta)|to_(?:parquet|pickle|excel|hdf|feather|sql|stata|orc|gbq|zarr|netcdf)|"
                            r"savefig|tofile|mkdir|rmdir|unlink|touch|symlink_to|hardlink_to|rmtree|writelines")  # fmt: skip
WRITING_IF_TOLD_WHERE: Final = re.compile(r"(?:to_(?:csv|json|html|xml|markdown|latex|string)|write_(?:csv|json|ndjson))")
READING: Final = re.compile(r"read_(?:text|bytes)|iterdir|r?glob")
NO_FRAME: Final = re.compile(r"(random|numpy\.random|workbench|secrets)\.")  # their `sample` and `shuffle` are others
ON_THE_WAY: Final = frozenset({"learn_one", "append", "extend"})  # changes something: a list made for it is a loop
ROWS: Final = re.compile(r"iterrows|itertuples")
OPENERS: Final[Mapping[str, int]] = {  # opens a file; where its mode stands
    **dict.fromkeys(("builtins.open", "io.open", "codecs.open", "gzip.open", "bz2.open", "lzma.open", "os.fdopen", "tarfile.open"), 1),
    **dict.fromkeys(("zipfile.ZipFile", "h5py.File", "numpy.memmap", "shelve.open", "os.open"), 1),
    "pathlib.Path().open": 0,
}  # fmt: skip
OF_PATHS: Final = frozenset({"rename", "replace", "chmod", "open", "glob", "exists", "stat"})  # of a path they are what they say
NOW: Final = frozenset({"now", "today", "utcnow"})
OF_NOW: Final = frozenset({"pandas.to_datetime", "pandas.Timestamp", "numpy.datetime64", "pandas.DatetimeIndex"})

ABSOLUTE: Final = re.compile(r"/(?:[\w.@-]+/)+[\w.@*-]*|~[\w-]*[/\\].*|[A-Za-z]:[\\/].*|\\\\\w.*|file://.*")
ADDRESS: Final = re.compile(r"(?:https?|wss?|ftps?|sftp|s3|gs|az|abfss?|postgres(?:ql)?|mysql|mongodb|redis)://\S+")
KEYS: Final = re.compile(r"(?:sk|pk|rk)[-_](?:live|test|ant|proj)?[-_]?\w{12,}|gh[pousr]_\w{20,}|AKIA[0-9A-Z]{12,}|xox[abp]-\S{10,}|"
                         r"eyJ[\w-]{10,}\.[\w-]{5,}\.\S+|-----BEGIN .*")  # fmt: skip
FIGURES: Final = re.compile(r"matplotlib\.pyplot\.(figure|subplots|subplot_mosaic)|workbench\.research\.(figures|plots)\.[a-z]\w*|"
                            r"bokeh\.plotting\.figure|plotly\.express\.[a-z]\w*|plotly\.graph_objects\.Figure|altair\.Chart|"
                            r"holoviews\.(Curve|Scatter|Bars|Histogram|HeatMap|Points|Area|Overlay|Layout)")  # fmt: skip
