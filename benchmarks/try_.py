import sys, time, statistics as st, collections
from datetime import datetime, timedelta, UTC
from benchmarks.databases import servers, WORKERS
from benchmarks.stage import build_stages
from benchmarks.workload import *
from benchmarks.contenders import duetime_contender as D
from benchmarks.contenders.registry import CONTENDERS
from benchmarks.processes import run_together, Course
from benchmarks import profiling as P
from duetime.engine.executors import InlineExecutor
from duetime.engine.worker import WorkerSettings
from duetime.store.store import Store
def stepped(target, gate):
    D.silence_logs()
    with Store(target.url) as store, D.application(store) as app:
        w=app.worker(settings=WorkerSettings(), executor=InlineExecutor())
        w.plugins.round(); w.heartbeat.round()
        gate.ready()
        t=time.monotonic(); c=time.process_time()
        idle=0
        while True:
            s=w.dispatcher.round(); n=w.outbox.flush()
            if not n and s>0: break
            e=time.monotonic(); c2=time.process_time()
        return D.Span(t,e,int((c2-c)*1e6))
class Sw(D.Duetime):
    def __init__(self, iv): self.iv=iv
    def drain(self,target,gate):
        sys.setswitchinterval(self.iv)
        return super().drain(target,gate)
class Slots(D.Duetime):
    def __init__(self, n): self.n=n
    def drain(self,target,gate):
        n=self.n
        class WS(WorkerSettings): pass
        D.WorkerSettings=lambda **k: WorkerSettings(slots=n,**k)
        return super().drain(target,gate)
def main():
    kinds=sys.argv[1].split(","); N=int(sys.argv[2])
    with servers(kinds) as found:
      for kind in kinds:
        stages=build_stages(found[kind],kind,far=0)
        res={}
        for r in range(5):
          for name,f,stage,over in (("limit",CONTENDERS["limit",kind].drain,stages["limit"],False),("stepped",stepped,stages["duetime"],False),("threads",Sw(0.005).drain,stages["duetime"],True),("threads sw .5ms",Sw(0.0005).drain,stages["duetime"],True),("threads sw 50ms",Sw(0.05).drain,stages["duetime"],True),("slots1",Slots(1).drain,stages["duetime"],True),("slots2",Slots(2).drain,stages["duetime"],True)):
            stage.reset(wishes(N,start=datetime.now(UTC).replace(microsecond=0)-timedelta(hours=1),apart=timedelta(milliseconds=1)))
            out=run_together(f,(stage.target,),count=1,course=Course(is_over=(lambda: stage.done()>=N) if over else None))
            res.setdefault(name,[]).append(N/(max(o.ended for o in out)-min(o.began for o in out)))
            if name=="stepped": res.setdefault("stepped cpu us/ev",[]).append(out[0].transactions/N)
        for k,v in res.items(): print(kind,"1 process",k, [round(x) for x in v], round(st.median(v),1), flush=True)
if __name__=="__main__": main()
