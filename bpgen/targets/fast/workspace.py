"""The text of a workspace, but for its sizes."""

WORKSPACE = '''
class Workspace:
    """What `forward` and `backward` fill, made once for calls of one size and dtype."""

    def __init__(self, {sizes}):
        dtype = np.dtype(dtype)
        self.lock = threading.Lock()
        self.halves = {{
            ForwardArrays: ForwardArrays({forward}),
            BackwardArrays: BackwardArrays({backward}),
        }}
'''
